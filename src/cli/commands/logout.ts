// `rolecall logout`: the session ends at AWS, and nothing of it is served from that moment.
import type { CliContext } from '../context.ts';
import { harmless } from '../render.ts';
import { chooseSession, loadStatus, noSession } from '../sessions.ts';

export interface LogoutOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

export async function runLogout(
  wanted: string | undefined,
  options: LogoutOptions,
  context: CliContext,
): Promise<number> {
  const status = await loadStatus(context);
  if (status.sessions.length === 0) throw noSession(status, context);
  const names =
    options.all === true
      ? status.sessions.map(({ session }) => session)
      : [await chooseSession(status, wanted, 'rolecall logout', context)];
  for (const session of names) await context.client.call('signOut', { session }, { signal: context.signal });
  if (options.json === true) context.stdout.write(`${JSON.stringify({ signedOut: names })}\n`);
  else for (const session of names) context.stdout.write(`Signed out of ${harmless(session)}.\n`);
  return 0;
}
