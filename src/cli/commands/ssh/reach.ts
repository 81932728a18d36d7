// Gives a far host roles for as long as a connection lasts: grants here, a forwarded port and private files there.
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { EXIT_INTERRUPTED } from '../../../core/errors.ts';
import type { IssuedGrantDocument, ProfileDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { commandAbout, findCommand } from '../../environment/find-command.ts';
import { canAsk } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { chooseRegion, fetchCredentials } from '../../profiles/granted-role.ts';
import { openConnection, type SshConnection } from '../../reach/connection.ts';
import { parseLifetime } from '../../reach/lifetime.ts';
import type { NamedRole } from '../../reach/remote-shell.ts';
import { runSsh, SshExit, type SshProgram } from '../../reach/run-ssh.ts';
import { readHostSettings, settingsArguments, type HostSettings } from '../../reach/ssh-arguments.ts';
import { readSshLine, type SshLine } from '../../reach/ssh-line.ts';
import { harmless, reportFailure } from '../../terminal/render.ts';
import { ensureApproved } from '../approvals/ensure-approved.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { LoginContext } from '../login/options.ts';
import { chooseRoles, type Profiles } from './choose-roles.ts';
import type { ReachOptions } from './options.ts';
import { watchAccess, type AccessEnd } from './watch-access.ts';

export type ReachContext = PickerContext &
  LoginContext &
  Pick<CliContext, 'homeDirectory' | 'paths' | 'platform' | 'processId' | 'userId'>;

/** A host that has the roles. */
export interface Reached {
  readonly line: SshLine;
  readonly settings: HostSettings;
  readonly program: SshProgram;
  readonly connection: SshConnection;
  readonly profiles: Profiles;
  readonly roles: readonly [NamedRole, ...NamedRole[]];
  /** What the host can read, by the name of the file there. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly lifetimeSeconds: number;
  /** Resolves when the host no longer has the roles, and says why. */
  readonly accessEnded: Promise<AccessEnd>;
}

const REVOKE_DEADLINE_MS = 2000;
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
      const shared = await forwardAll(grants, profiles, connection);
      const { accessEnded, stop } = watchAccess(
        { connection, endsAtMs: Date.parse(grants[0]?.expiresAt ?? ''), revoke },
        context,
      );
      try {
        return await use({ line, settings, program, connection, profiles, ...shared, lifetimeSeconds, accessEnded });
      } finally {
        stop();
      }
    } finally {
      await Promise.all([revoke(), connection.close()]);
    }
  } catch (error) {
    if (context.signal.aborted) return EXIT_INTERRUPTED;
    if (error instanceof SshExit) return error.exitCode;
    throw error;
  } finally {
    await revoke();
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
  const mayAsk = canAsk(context);
  const wasAsked = await withSignIn(() => ensureApproved(profile, context), { mayAsk, session }, context);
  // Says now why there would be no keys. An approval that counts once is left for the grant.
  if (!wasAsked) await withSignIn(() => fetchCredentials(profile, context), { mayAsk, session }, context);
  const body = {
    session,
    accountId,
    permissionSet,
    lifetimeSeconds,
    processId: context.processId,
    socket: true,
    purpose: harmless(`${command} ${host}`).slice(0, MAX_PURPOSE_CHARACTERS),
  };
  return context.client.call('createGrant', { body }, { signal: context.signal });
}

async function forwardAll(
  grants: readonly IssuedGrantDocument[],
  profiles: Profiles,
  connection: SshConnection,
): Promise<Pick<Reached, 'roles' | 'tokens'>> {
  const tokens = new Map<string, string>();
  const roles: NamedRole[] = [];
  for (const [index, grant] of grants.entries()) {
    const profile = profiles[index] as ProfileDocument;
    const port = await connection.forward(grant.socketPath ?? '');
    const tokenFile = index === 0 ? 'token' : `token.${index + 1}`;
    tokens.set(tokenFile, grant.token);
    roles.push({
      name: profile.profileName,
      url: `http://127.0.0.1:${port}/role`,
      tokenFile: `${connection.place.directory}/${tokenFile}`,
      region: chooseRegion(undefined, profile),
    });
  }
  return { roles: roles as [NamedRole, ...NamedRole[]], tokens };
}

async function revokeAll(grants: IssuedGrantDocument[], { client }: ReachContext): Promise<void> {
  const ended = grants.splice(0);
  await Promise.all(
    ended.map(({ id }) =>
      client
        .call('revokeGrant', { id }, { autostart: false, timeoutMs: REVOKE_DEADLINE_MS })
        // Not needed if the daemon is unreachable: it ends the grant together with this process.
        .catch(() => undefined),
    ),
  );
}
