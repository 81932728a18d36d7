// `rolecall forward`: gives an SSH host a role without a shell, and prints what to type there.
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import { formatMoment } from '../../../core/text/format-duration.ts';
import { readSshLine } from '../../reach/ssh-line.ts';
import { EXIT_OF_SSH } from '../../reach/run-ssh.ts';
import { harmless } from '../../terminal/render.ts';
import type { ReachOptions } from '../ssh/options.ts';
import { REASONS, wasInterrupted } from '../ssh/watch-access.ts';
import { reach, type ReachContext, type Reached } from '../ssh/reach.ts';

export async function runForward(
  host: string | undefined,
  words: readonly string[],
  options: ReachOptions,
  context: ReachContext,
): Promise<number> {
  const all = host === undefined ? [] : [host, ...words];
  if (readSshLine(all, 'forward').command !== undefined) {
    throw new UsageError('usage', 'rolecall forward runs no command on the host.', { hint: 'rolecall ssh --help' });
  }
  return reach('forward', all, options, context, (reached) => stay(reached, context));
}

async function stay(reached: Reached, context: ReachContext): Promise<number> {
  const { connection, roles, line, expiresAt } = reached;
  const { directory } = connection.place;
  await reached.install(undefined);
  const host = harmless(line.host);
  const [{ profileName, accountId }] = reached.profiles;
  const until = formatMoment(expiresAt, context.clock.nowMs());
  context.stderr.write(
    `${host} can use ${harmless(profileName)} (account ${accountId}) until ${until}. To end it: Ctrl-C\n` +
      'In a shell there (fish, csh: "source", and .fish or .csh at the end):\n',
  );
  context.stdout.write(`. ${directory}/env\n`);
  if (roles.length > 1) {
    const all = roles.map(({ scriptName }) => `  ${directory}/roles/${scriptName}\n`).join('');
    context.stderr.write(`As one of the roles, with a command after the name:\n${all}`);
  }
  const interrupted = new Promise<undefined>((resolve) => {
    context.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const reason = await Promise.race([reached.accessEnded, interrupted]);
  if (reason === undefined || (reason === 'connection' && (await wasInterrupted(context)))) return EXIT_INTERRUPTED;
  context.stderr.write(`${host} can no longer use it: ${REASONS[reason]}.\n`);
  if (reason === 'time') return 0;
  return reason === 'connection' ? connection.ended : EXIT_OF_SSH;
}
