// `rolecall ssh`: opens a shell, or runs a command, on an SSH host that has one or several roles as long as it is connected.
import { EXIT_INTERRUPTED } from '../../../core/errors.ts';
import { isIdentityVariable } from '../../environment/child-environment.ts';
import { remoteCommand } from '../../reach/remote-shell.ts';
import { EXIT_OF_SSH, runSession } from '../../reach/run-ssh.ts';
import { sessionArguments } from '../../reach/ssh-arguments.ts';
import { formatMoment } from '../../../core/text/format-duration.ts';
import { harmless } from '../../terminal/render.ts';
import type { ReachOptions } from './options.ts';
import { REASONS, wasInterrupted } from './watch-access.ts';
import { reach, type ReachContext, type Reached } from './reach.ts';

const MAX_END_MS = 1000;

export function runSshCommand(
  host: string | undefined,
  words: readonly string[],
  options: ReachOptions,
  context: ReachContext,
): Promise<number> {
  return reach('ssh', host === undefined ? [] : [host, ...words], options, context, (reached) =>
    openSession(reached, context),
  );
}

async function openSession(reached: Reached, context: ReachContext): Promise<number> {
  const { line, settings, connection } = reached;
  const { place, controlPath } = connection;
  const typed = line.command ?? settings.command;
  await reached.install(typed);
  if (typed === undefined) context.stderr.write(describeAccess(reached, context));
  const terms = {
    controlPath,
    command: remoteCommand(place),
    isShell: typed === undefined,
    isTerminal: context.stdinIsTerminal,
  };
  const ending = new AbortController();
  const session = runSession(
    { path: reached.program.path, environment: withoutIdentity(context.environment) },
    sessionArguments(line, settings, terms),
    AbortSignal.any([context.signal, ending.signal]),
    context.stdinIsTerminal,
  );
  let isOpen = true;
  void reached.accessEnded.then((reason) => {
    if (!isOpen) return;
    // The terminal may be in raw mode, where a line feed alone does not return to the first column.
    context.stderr.write(
      `\r\nrolecall: ${harmless(line.host)} can no longer use ${nameRoles(reached)}: ${REASONS[reason]}.\r\n`,
    );
  });
  // Without its connection ssh ends by itself.
  void connection.ended
    .then(() => context.clock.sleep(MAX_END_MS, ending.signal))
    .then(
      () => ending.abort(),
      () => undefined,
    );
  const exitCode = await session.finally(() => ending.abort());
  isOpen = false;
  return exitCode === EXIT_OF_SSH && (await wasInterrupted(context)) ? EXIT_INTERRUPTED : exitCode;
}

function describeAccess({ line, profiles: [first], roles, expiresAt }: Reached, { clock }: ReachContext): string {
  const others = roles.slice(1).map(({ scriptName }) => `  $ROLECALL_ROLES/${scriptName}\n`);
  const more = others.length === 0 ? '' : `Other roles there, with a command after the name:\n${others.join('')}`;
  const role = `${harmless(first.profileName)} (account ${first.accountId})`;
  return `${harmless(line.host)} uses ${role} until ${formatMoment(expiresAt, clock.nowMs())}. To leave it: exit\n${more}`;
}

const nameRoles = ({ roles }: Reached) => roles.map(({ profileName }) => harmless(profileName)).join(', ');

/** ssh sends variables that the user's configuration names. */
function withoutIdentity(environment: ReachContext['environment']): ReachContext['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isIdentityVariable(name)));
}
