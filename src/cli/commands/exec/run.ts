// `rolecall exec`: runs a program or a subshell as one role.
import { join } from 'node:path';
import { UsageError } from '../../../core/errors.ts';
import type { IssuedGrantDocument, ProfileDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess, Dialog, Output } from '../../context.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { childEnvironment, refuseJavaIdentity } from '../../environment/child-environment.ts';
import { copyConfigFiles, writePrivate } from './config-copies.ts';
import { findCommand } from '../../environment/find-command.ts';
import { chooseRegion, fetchCredentials, keyVariables, resolveProfile } from '../../profiles/granted-role.ts';
import type { ForeignProgram } from './run-in-place.ts';
import { planSubshell } from './subshell.ts';
import { harmless, reportFailure } from '../../terminal/render.ts';

type Context = DaemonAccess & Dialog & Output & Pick<CliContext, 'homeDirectory' | 'processId' | 'runInPlace'>;

export interface ExecOptions {
  readonly envKeys?: boolean;
  readonly region?: string;
  readonly tokenFile?: boolean;
}

/** The maximum that the daemon allows; the grant ends with the program anyway. */
const LIFETIME_SECONDS = 7 * 24 * 3600;
const REVOKE_DEADLINE_MS = 2000;

export async function runExec(
  profileName: string,
  words: readonly string[],
  options: ExecOptions,
  context: Context,
): Promise<number> {
  const [word = context.environment['SHELL'] || '/bin/sh', ...args] = words;
  checkOptions(profileName, words, options, context);
  refuseJavaIdentity(context.environment);
  const found = findCommand(word, context.environment);
  if ('exitCode' in found) {
    const lookUp = word.includes('/') ? 'ls -l' : 'command -v';
    const hint = words.length === 0 ? 'echo $SHELL' : `${lookUp} ${quoteForShell(word)}`;
    reportFailure({ message: found.reason, hint }, context);
    return found.exitCode;
  }
  const profile = await resolveProfile(profileName, context);
  const region = chooseRegion(options.region, profile);
  const credentials = await fetchCredentials(profile, context);
  if (options.envKeys === true) {
    const environment = childEnvironment(context.environment, {
      identity: keyVariables(credentials),
      profileName: profile.profileName,
      region,
    });
    return context.runInPlace({ command: [word, ...args], environment });
  }

  const grant = await context.client.call(
    'createGrant',
    { body: grantRequest(profile, context) },
    { signal: context.signal },
  );
  try {
    const environment = childEnvironment(context.environment, {
      identity: await containerVariables(grant, options),
      profileName: profile.profileName,
      region,
      files: await copyConfigFiles({ ...context, directory: grant.directory }),
    });
    if (words.length > 0) return await context.runInPlace({ command: [word, ...args], environment });
    return await context.runInPlace(await prepareSubshell(word, profile, grant, environment, context));
  } finally {
    await context.client
      .call('revokeGrant', { id: grant.id }, { autostart: false, timeoutMs: REVOKE_DEADLINE_MS })
      // Not needed if the daemon is unreachable: it ends the grant together with this process.
      .catch(() => undefined);
  }
}

function checkOptions(name: string, words: readonly string[], options: ExecOptions, context: Context): void {
  if (options.envKeys === true && options.tokenFile === true) {
    throw new UsageError('usage', 'exec takes --env-keys or --token-file, not both.', { hint: 'rolecall exec --help' });
  }
  if (words.length > 0) return;
  if (options.envKeys === true) {
    throw new UsageError('usage', 'exec --env-keys needs a command, because a subshell would outlive its keys.', {
      hint: `rolecall exec ${quoteForShell(name)}`,
    });
  }
  if (!context.stdinIsTerminal) {
    throw new UsageError('usage', 'exec without a command starts a subshell, which needs a terminal.', {
      hint: 'rolecall exec --help',
    });
  }
}

function grantRequest(profile: ProfileDocument, context: Context) {
  const terms = { processId: context.processId, lifetimeSeconds: LIFETIME_SECONDS };
  if (profile.followsCurrent) return { current: true as const, ...terms };
  const { session, accountId, permissionSet } = profile;
  return { session, accountId, permissionSet, ...terms };
}

/** Exactly one of the two token variables: together they break CDK. */
async function containerVariables(grant: IssuedGrantDocument, options: ExecOptions): Promise<Record<string, string>> {
  const url = { AWS_CONTAINER_CREDENTIALS_FULL_URI: grant.url };
  if (options.tokenFile !== true) return { ...url, AWS_CONTAINER_AUTHORIZATION_TOKEN: grant.token };
  const path = join(grant.directory, 'token');
  // Without a newline, as the SDKs send the file unchanged.
  await writePrivate(path, grant.token);
  return { ...url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path };
}

async function prepareSubshell(
  shell: string,
  profile: ProfileDocument,
  grant: IssuedGrantDocument,
  environment: Readonly<Record<string, string>>,
  context: Context,
): Promise<ForeignProgram> {
  const { profileName, accountId } = profile;
  const plan = planSubshell({ shell, profileName, directory: grant.directory, environment });
  for (const [name, text] of Object.entries(plan.files)) await writePrivate(join(grant.directory, name), text);
  context.stderr.write(`This shell uses ${harmless(profileName)} (account ${accountId}). To leave it: exit\n`);
  return { command: [...plan.command], environment: { ...environment, ...plan.environment } };
}
