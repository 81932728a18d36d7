// `rolecall logout`: ends the session at AWS; rolecall stops serving its credentials at once.
import { RolecallError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { DaemonAccess, Dialog, Output, Places } from '../../context.ts';
import { harmless, reportFailure, reportNote } from '../../terminal/render.ts';
import { chooseSession, noSession } from '../../choose-session.ts';
import { loadStatus } from '../../sessions.ts';

type Context = DaemonAccess & Dialog & Output & Places;

export interface LogoutOptions {
  readonly all?: boolean;
  readonly forgetKeychain?: boolean;
  readonly json?: boolean;
}

/** With --all, continues after a session that cannot be signed out. @throws RolecallError: with --json also then, after the document */
export async function runLogout(wanted: string | undefined, options: LogoutOptions, context: Context): Promise<number> {
  const status = await loadStatus(context);
  if (status.sessions.length === 0) throw noSession(status, context);
  const names =
    options.all === true
      ? status.sessions.map(({ session }) => session)
      : [await chooseSession(status, wanted, 'rolecall logout', context)];
  const signedOut: string[] = [];
  /** Sessions that may still be live at AWS, because it could not be reached. */
  const livesOn: string[] = [];
  const failures: RolecallError[] = [];
  for (const session of names) {
    try {
      const input = { session, ...(options.forgetKeychain === true ? { body: { forgetKeychain: true } } : {}) };
      const { note } = await context.client.call('signOut', input, { signal: context.signal });
      signedOut.push(session);
      if (options.json !== true) context.stdout.write(`Signed out of ${harmless(session)}.\n`);
      if (note !== undefined) {
        livesOn.push(session);
        reportNote(note, context);
      }
    } catch (error) {
      if (!(error instanceof RolecallError) || context.signal.aborted || names.length === 1) throw error;
      reportFailure({ ...error.toBody(), message: `Not signed out of ${session}: ${error.message}` }, context);
      failures.push(error);
    }
  }
  if (options.json === true) {
    context.stdout.write(formatJsonLine({ signedOut, ...(livesOn.length === 0 ? {} : { livesOn }) }));
  }
  if (failures[0] !== undefined && options.json === true) throw failures[0];
  return failures[0]?.exitCode ?? 0;
}
