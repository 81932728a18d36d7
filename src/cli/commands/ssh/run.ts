// `rolecall ssh`: opens a shell, or runs a command, on an SSH host that has one or several roles as long as it is connected.
import { EXIT_INTERRUPTED } from '../../../core/errors.ts';
import { isIdentityVariable } from '../../environment/child-environment.ts';
import { remoteCommand, remoteFiles, scriptName } from '../../reach/remote-shell.ts';
import { runSession } from '../../reach/run-ssh.ts';
import { sessionArguments } from '../../reach/ssh-arguments.ts';
import { formatDuration } from '../../../core/text/format-duration.ts';
import { harmless } from '../../terminal/render.ts';
import type { ReachOptions } from './options.ts';
import { REASONS } from './watch-access.ts';
import { reach, type ReachContext, type Reached } from './reach.ts';

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
  const { line, settings, connection, roles, tokens } = reached;
  const { place, controlPath } = connection;
  const typed = line.command ?? settings.command;
  await connection.channel.install(remoteFiles(place, roles, typed), tokens);
  const notes = describeAccess(reached, typed === undefined);
  if (notes !== '') context.stderr.write(notes);
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
  void connection.ended.then(() => context.clock.sleep(1000)).then(() => ending.abort());
  const exitCode = await session;
  isOpen = false;
  return context.signal.aborted ? EXIT_INTERRUPTED : exitCode;
}

/** What a person wants to know before the shell starts; for a command only what changes its meaning. */
function describeAccess(reached: Reached, isShell: boolean): string {
  const { line, roles, connection, lifetimeSeconds } = reached;
  const host = harmless(line.host);
  const hidden = Object.keys(connection.place.files).map((name) =>
    name === 'AWS_CONFIG_FILE' ? '~/.aws/config' : '~/.aws/credentials',
  );
  const note =
    hidden.length === 0
      ? ''
      : `Note: the default profile in ${hidden.join(' and ')} of ${host} has credentials, which are hidden here.\n`;
  if (!isShell) return note;
  const others = roles.slice(1).map((role, index) => `  $ROLECALL_ROLES/${scriptName(role.name, index + 1)}\n`);
  const more = others.length === 0 ? '' : `Other roles there, with a command after the name:\n${others.join('')}`;
  const time = formatDuration(lifetimeSeconds * 1000);
  return `${host} uses ${nameFirst(reached)} for ${time}. To leave it: exit\n${more}${note}`;
}

const nameFirst = ({ profiles: [{ profileName, accountId }] }: Reached) =>
  `${harmless(profileName)} (account ${accountId})`;

const nameRoles = ({ roles }: Reached) => roles.map(({ name }) => harmless(name)).join(', ');

/** ssh sends variables that the user's configuration names. */
function withoutIdentity(environment: ReachContext['environment']): ReachContext['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isIdentityVariable(name)));
}
