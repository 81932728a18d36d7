// Asks before a command ends a sign-in that exists only in the daemon's memory.
import { UsageError } from '../core/errors.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import type { DaemonAccess, Dialog, Output } from './context.ts';
import { askYesNo } from './terminal/ask-yes-no.ts';
import { harmless, reportNote } from './terminal/render.ts';
import type { YesOption } from './yes-option.ts';

type Context = DaemonAccess & Dialog & Output;

interface MayEndOptions extends YesOption {
  readonly json?: boolean;
  /** To type again with --yes, as the hint of the error. */
  readonly command?: string;
}

/** The exit code of a command that may not go on. */
export const EXIT_DECLINED = 1;

/** The status comes from memory; a daemon that does not answer in time can't be asked. */
const STATUS_TIMEOUT_MS = 5000;

/**
 * Whether the command may end the daemon. Asks on a terminal if that ends a sign-in; where it can't ask, it prints a note
 * and returns true, because scripts have always gone on. `action` begins the sentence: `Stopping the daemon`.
 * Returns true if no daemon runs or answers, and for a daemon that fails `isMeant`.
 * @throws UsageError usage: it would end a sign-in, with --json and without --yes
 */
export async function mayEndSignIns(
  action: string,
  { yes, json, command }: MayEndOptions,
  context: Context,
  isMeant: (daemon: StatusDocument) => boolean = () => true,
): Promise<boolean> {
  if (yes === true) return true;
  const status = await findStatus(context);
  const sessions = status !== undefined && isMeant(status) ? listSignInsInMemory(status) : [];
  const [first] = sessions;
  if (first === undefined) return true;
  const what = `${action} signs you out of ${sessions.map(harmless).join(', ')}`;
  if (json === true) {
    throw new UsageError('usage', `${what}, as the sign-in is in memory only. Pass --yes to go on.`, {
      hint: command === undefined ? 'rolecall --help' : `${command} --yes --json`,
    });
  }
  if (context.stdinIsTerminal) {
    context.stderr.write(`${what}:\nthe sign-in is in memory only.\n`);
    return askYesNo('Go on?', context);
  }
  const again = sessions.length === 1 ? quoteForShell(first) : '--all';
  reportNote(`${what}: the sign-in is in memory only. To sign in again: rolecall login ${again}`, context);
  return true;
}

/** The sessions whose sign-in ends with the daemon. */
export function listSignInsInMemory({ sessions, store }: StatusDocument): string[] {
  // An older daemon does not say `onlyInMemory`.
  const isLost = ({ onlyInMemory, state }: StatusDocument['sessions'][number]) =>
    onlyInMemory === true || (state === 'live' && store.driver === 'memory');
  return sessions.filter(isLost).map(({ session }) => session);
}

/** The status of a daemon that runs; undefined if there is no answer, or not one that this version understands. */
export async function findStatus({ client, signal }: DaemonAccess): Promise<StatusDocument | undefined> {
  try {
    const options = { autostart: false, timeoutMs: STATUS_TIMEOUT_MS, failsOnSilence: true, signal };
    const status: Partial<StatusDocument> = await client.call('status', {}, options);
    const isComplete = Array.isArray(status.sessions) && Array.isArray(status.problems) && status.store !== undefined;
    return isComplete ? (status as StatusDocument) : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}
