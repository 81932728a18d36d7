// Gives a far host roles for as long as a connection lasts: grants here, a forwarded port and private files there.
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { once } from '../../../core/async/once.ts';
import { EXIT_INTERRUPTED } from '../../../core/errors.ts';
import { requireNewEnough } from '../../../local-api/require-new-enough.ts';
import type { IssuedGrantDocument, ProfileDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { commandAbout, findCommand } from '../../environment/find-command.ts';
import { canAsk } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { chooseRegion } from '../../profiles/granted-role.ts';
import { revokeGrant } from '../../profiles/own-grants.ts';
import { openConnection, type SshConnection } from '../../reach/connection.ts';
import { parseLifetime } from '../../reach/lifetime.ts';
import type { Installed, RemoteTerms } from '../../reach/bootstrap-channel.ts';
import { remoteFiles, removeCommand, scriptNames, type NamedRole } from '../../reach/remote-shell.ts';
import { runSsh, SshExit, type SshProgram } from '../../reach/run-ssh.ts';
import { readHostSettings, sessionArguments, settingsArguments, type HostSettings } from '../../reach/ssh-arguments.ts';
import { readSshLine, type SshLine } from '../../reach/ssh-line.ts';
import { harmless, reportFailure } from '../../terminal/render.ts';
import { ensureUsable } from '../approvals/ensure-usable.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { LoginContext } from '../login/options.ts';
import { chooseRoles, type Profiles } from './choose-roles.ts';
import type { ReachOptions } from './options.ts';
import { untilInstalled, watchAccess, type AccessEnd } from './watch-access.ts';

export type ReachContext = PickerContext &
  LoginContext &
  Pick<CliContext, 'homeDirectory' | 'paths' | 'platform' | 'processId' | 'userId'>;

/** A host that can have the roles. */
export interface Reached {
  readonly line: SshLine;
  readonly settings: HostSettings;
  readonly program: SshProgram;
  readonly connection: SshConnection;
  readonly profiles: Profiles;
  readonly roles: readonly [NamedRole, ...NamedRole[]];
  /** ISO time. */
  readonly expiresAt: string;
  /** Gives the host the roles: for a shell, or for a command. Prints what the person should know about the host. */
  install(command: string | undefined): Promise<void>;
  /** Resolves when the host no longer has the roles. */
  readonly accessEnded: Promise<AccessEnd>;
}

const REMOVE_DEADLINE_MS = 5000;
const MAX_PURPOSE_CHARACTERS = 128;

/** Resolves the exit code: that of `use`, or of ssh when it failed. The access ends before it resolves. */
export async function reach(
  command: 'forward' | 'ssh',
  words: readonly string[],
  options: ReachOptions,
  context: ReachContext,
  use: (reached: Reached) => Promise<number>,
): Promise<number> {
  const lifetimeSeconds = parseLifetime(options.for, `rolecall ${command} --help`);
  const line = readSshLine(words, command);
  const found = findCommand('ssh', context.environment);
  if ('exitCode' in found) {
    reportFailure({ message: found.reason, hint: commandAbout('ssh', found.path) }, context);
    return found.exitCode;
  }
  const program = { path: found.path, environment: context.environment };
  const grants: IssuedGrantDocument[] = [];
  const revoke = () => revokeAll(grants, context);
  const revokeAtEnd = once(revoke);
  try {
    const settings = await readSettings(line, program, context);
    const profiles = await withSignIn(
      () => chooseRoles(options.role ?? [], command, context),
      { mayAsk: canAsk(context) },
      context,
    );
    if (profiles === undefined) return EXIT_INTERRUPTED;
    for (const profile of profiles) grants.push(await grantRole(profile, line, command, lifetimeSeconds, context));
    const connection = await openConnection(line, settings, {
      program,
      clock: context.clock,
      signal: context.signal,
      nonce: randomBytes(16).toString('hex'),
      privateDirectory: dirname(dirname(dirname(grants[0]?.socketPath ?? ''))),
    });
    try {
      const { roles, terms } = await forwardAll(grants, profiles, connection);
      const expiresAt = grants[0]?.expiresAt ?? '';
      const removeFiles = () => removeFolder(line, settings, connection, program);
      const { accessEnded, stop } = watchAccess({ connection, expiresAt, revoke, removeFiles }, context);
      const install = async (typed: string | undefined) => {
        const installing = connection.install(remoteFiles(connection.place, roles, typed), terms);
        const { host } = line;
        const installed = await untilInstalled(installing, { host, accessEnded, signal: context.signal });
        context.stderr.write(noteAbout(line, connection, { ...installed, isShell: typed === undefined }));
      };
      try {
        return await use({ line, settings, program, connection, profiles, roles, expiresAt, install, accessEnded });
      } finally {
        stop();
      }
    } finally {
      await Promise.all([revokeAtEnd(), connection.close()]);
    }
  } catch (error) {
    if (context.signal.aborted) return EXIT_INTERRUPTED;
    if (error instanceof SshExit) return error.exitCode;
    throw error;
  } finally {
    await revokeAtEnd();
  }
}

async function readSettings(
  line: SshLine,
  program: SshProgram,
  { signal, stderr }: ReachContext,
): Promise<HostSettings> {
  const run = await runSsh(program, settingsArguments(line), signal);
  if (run.exitCode === 0) return readHostSettings(run.stdout);
  for (const text of run.stderr.trimEnd().split('\n')) stderr.write(`${harmless(text.trimEnd())}\n`);
  throw new SshExit(run.exitCode);
}

async function grantRole(
  profile: ProfileDocument,
  { host }: SshLine,
  command: string,
  lifetimeSeconds: number,
  context: ReachContext,
): Promise<IssuedGrantDocument> {
  const { session, accountId, permissionSet } = profile;
  await ensureUsable(profile, context);
  const body = {
    session,
    accountId,
    permissionSet,
    lifetimeSeconds,
    processId: context.processId,
    socket: true,
    purpose: harmless(`${command} ${host}`).slice(0, MAX_PURPOSE_CHARACTERS),
  };
  const { client, signal } = context;
  return requireNewEnough(`"rolecall ${command}"`, () => client.call('createGrant', { body }, { signal }));
}

async function forwardAll(
  grants: readonly IssuedGrantDocument[],
  profiles: Profiles,
  { place, forward }: SshConnection,
): Promise<{ readonly roles: Reached['roles']; readonly terms: RemoteTerms }> {
  const tokens = new Map<string, string>();
  const ports: number[] = [];
  const roles: NamedRole[] = [];
  const names = scriptNames(profiles.map(({ profileName }) => profileName));
  for (const [index, grant] of grants.entries()) {
    const profile = profiles[index] as ProfileDocument;
    const port = await forward(grant.socketPath ?? '');
    ports.push(port);
    const tokenFile = index === 0 ? 'token' : `token.${index + 1}`;
    tokens.set(tokenFile, grant.token);
    roles.push({
      profileName: profile.profileName,
      scriptName: names[index] ?? '',
      url: `http://127.0.0.1:${port}/role`,
      tokenFile: `${place.directory}/${tokenFile}`,
      region: chooseRegion(undefined, profile),
    });
  }
  return { roles: roles as [NamedRole, ...NamedRole[]], terms: { tokens, ports } };
}

function noteAbout(
  line: SshLine,
  { place }: SshConnection,
  { isOpenToNetwork, isShell }: Installed & { readonly isShell: boolean },
): string {
  const host = harmless(line.host);
  const hidden = Object.keys(place.files).map((name) =>
    name === 'AWS_CONFIG_FILE' ? '~/.aws/config' : '~/.aws/credentials',
  );
  const files = hidden.join(' and ');
  return [
    ...(isShell && hidden.length > 0
      ? [`Note: the credentials of the default profile in ${files} of ${host} are not used.\n`]
      : []),
    ...(place.areFilesUnread
      ? [`Note: ${host} has no awk, so a default profile in ~/.aws there may be used instead of the role.\n`]
      : []),
    ...(isOpenToNetwork
      ? [`Note: sshd of ${host} opens the address to its network (GatewayPorts); the token keeps others out.\n`]
      : []),
  ].join('');
}

/** In a session of its own, and without waiting: the bootstrap there no longer answers. */
function removeFolder(line: SshLine, settings: HostSettings, connection: SshConnection, program: SshProgram): void {
  const { controlPath, place } = connection;
  const terms = { controlPath, command: removeCommand(place), isShell: false, isTerminal: false };
  const withoutTerminal = { ...line, session: ['-T'] };
  const args = sessionArguments(withoutTerminal, settings, terms);
  void runSsh(program, args, AbortSignal.timeout(REMOVE_DEADLINE_MS)).catch(() => undefined);
}

/** Removes those that have ended from `grants`, and resolves whether all have. */
async function revokeAll(grants: IssuedGrantDocument[], context: ReachContext): Promise<boolean> {
  await Promise.all(
    [...grants].map(async (grant) => {
      const hasEnded = await revokeGrant(grant.id, context);
      const index = grants.indexOf(grant);
      if (hasEnded && index !== -1) grants.splice(index, 1);
    }),
  );
  return grants.length === 0;
}
