// `rolecall exec`: runs a program or a subshell as one role.
import { join } from 'node:path';
import { cwd } from 'node:process';
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import type {
  CredentialsDocument,
  IssuedGrantDocument,
  ProfileDocument,
  ViaDocument,
} from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { ensureApproved } from '../approvals/ensure-approved.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { LoginContext } from '../login/options.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { childEnvironment, refuseJavaIdentity } from '../../environment/child-environment.ts';
import { copyConfigFiles, writePrivate } from './config-copies.ts';
import type { Confinement } from '../../confine/confinement.ts';
import { commandAbout, findCommand } from '../../environment/find-command.ts';
import { canAsk, chooseProfile } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { findProfile } from '../../profiles/find-profile.ts';
import { chooseRegion, fetchCredentials, keyVariables } from '../../profiles/granted-role.ts';
import { revokeGrant } from '../../profiles/own-grants.ts';
import { containerVariables, grantedRole, grantVariable, nameInside, openGrant } from './grant.ts';
import { readOneWord, readSeveralWords, type ExecLine } from './command-line.ts';
import type { ExecOptions } from './options.ts';
import type { ForeignProgram } from './run-in-place.ts';
import { planSubshell } from './subshell.ts';
import { harmless, reportFailure } from '../../terminal/render.ts';

type Context = PickerContext &
  LoginContext &
  Pick<CliContext, 'homeDirectory' | 'paths' | 'platform' | 'processId' | 'runConfined' | 'runInPlace' | 'userId'>;

const EXIT_NOT_FOUND = 127;
/** Without --confine they would have no effect. */
const CONFINEMENT_OPTIONS = [
  ['readable', '--readable'],
  ['writable', '--writable'],
  ['env', '--env'],
  ['network', '--network'],
  ['readOnly', '--read-only'],
] as const;

export async function runExec(
  first: string | undefined,
  rest: readonly string[],
  given: ExecOptions,
  context: Context,
): Promise<number> {
  const { words, command, options } = await readLine(first, rest, given, context);
  const [program = context.environment['SHELL'] || '/bin/sh', ...args] = command;
  checkOptions(first, words, command, options, context);
  const via = options.via === undefined ? undefined : await readVia(options.via, options);
  const confinement = options.confine === true ? await confine(options, context) : undefined;
  try {
    return await runChecked({ words, command, options, via, program, args, confinement }, context);
  } finally {
    confinement?.close();
  }
}

interface CheckedLine extends ExecLine {
  readonly via: ViaDocument | undefined;
  readonly program: string;
  readonly args: readonly string[];
  readonly confinement: Confinement | undefined;
}

async function runChecked(
  { words, command, options, via, program, args, confinement }: CheckedLine,
  context: Context,
): Promise<number> {
  const inherited = confinement?.environment ?? context.environment;
  refuseJavaIdentity(inherited);
  const found = findCommand(program, context.environment);
  const mayAsk = canAsk(context);
  const request = describeRequest(command, mayAsk);
  if ('exitCode' in found) {
    // The first of several words may be a profile that is gone: then the program is not what follows the "--".
    if (words.length > 1 && !mayAsk) await chooseProfile(words, request, context);
    const hint = command.length === 0 ? 'echo $SHELL' : commandAbout(program, found.path);
    reportFailure({ message: found.reason, hint }, context);
    return found.exitCode;
  }
  const hidden = confinement?.findHidden(program);
  if (hidden !== undefined) {
    reportFailure(hidden, context);
    return EXIT_NOT_FOUND;
  }
  const chosen = await withSignIn(() => chooseProfile(words, request, context), { mayAsk }, context);
  if (chosen === undefined) return EXIT_INTERRUPTED;
  // A confined command keeps the one role with which it started, also when the current one changes. So does a hop.
  const profile = confinement === undefined && via === undefined ? chosen : { ...chosen, followsCurrent: false };
  const region = chooseRegion(options.region, profile);
  const asking = { mayAsk, session: profile.session };
  const approve =
    via === undefined
      ? () => ensureApproved(profile, context)
      : async () => {
          const { requireNewEnough } = await import('../../../local-api/require-new-enough.ts');
          return requireNewEnough('--via', () => ensureApproved({ ...profile, via }, context));
        };
  const wasAsked = await withSignIn(approve, asking, context);

  function startWithKeys(keys: CredentialsDocument, grant?: IssuedGrantDocument): Promise<number> {
    const environment = childEnvironment(inherited, {
      identity: { ...keyVariables(keys), ...grantVariable(grant) },
      profileName: nameInside(profile, grant),
      region,
    });
    return start({ command: [program, ...args], environment }, undefined, confinement, context);
  }

  if (via === undefined) {
    const fetch = () => withSignIn(() => fetchCredentials(profile, context), asking, context);
    if (options.envKeys === true) return startWithKeys(await fetch());
    // Says now why there would be no keys. An approval that counts once is left for the grant.
    if (!wasAsked) await fetch();
  }
  const terms = { via, isConfined: confinement !== undefined };
  const grant = await withSignIn(() => openGrant(profile, terms, context), asking, context);
  try {
    if (options.envKeys === true) {
      return await startWithKeys(await fetchCredentials(grantedRole(profile, grant), context), grant);
    }
    const visibleAt = confinement?.ownFolder(grant.directory) ?? grant.directory;
    const environment = childEnvironment(inherited, {
      identity: { ...(await containerVariables(grant, visibleAt, options)), ...grantVariable(grant) },
      profileName: nameInside(profile, grant),
      region,
      ...(confinement === undefined
        ? { files: await copyConfigFiles({ ...context, directory: grant.directory }) }
        : {}),
    });
    const foreign: ForeignProgram =
      command.length > 0
        ? { command: [program, ...args], environment }
        : await prepareSubshell(program, profile, { ...grant, visibleAt }, environment, context);
    return await start(foreign, grant, confinement, context);
  } finally {
    await revokeGrant(grant.id, context);
  }
}

/** Reads the policies once: what happens to their file later has no effect. */
async function readVia(role: string, { policy = [] }: ExecOptions): Promise<ViaDocument> {
  return (await import('./hop.ts')).readHop(role, policy);
}

/** Loads nothing of the confinement for a command that is not confined. */
async function confine(options: ExecOptions, context: Context): Promise<Confinement> {
  const { prepareConfinement } = await import('../../confine/confinement.ts');
  const { readable = [], writable = [], env = [], network, readOnly: isReadOnly = false } = options;
  return prepareConfinement(
    { readable, writable, env, network, hasKeysPort: options.envKeys !== true, isReadOnly },
    { ...context, workingDirectory: cwd() },
  );
}

function start(
  program: ForeignProgram,
  grant: IssuedGrantDocument | undefined,
  confinement: Confinement | undefined,
  context: Context,
): Promise<number> {
  if (confinement === undefined) return context.runInPlace(program);
  return confinement.run({ ...program, directory: grant?.directory, containerUrl: grant?.url });
}

/** A line with several words before a "--" is read as a search, unless its first word is a profile. */
async function readLine(
  first: string | undefined,
  rest: readonly string[],
  options: ExecOptions,
  context: Context,
): Promise<ExecLine> {
  const several = readSeveralWords(first, rest, options);
  const isProfile = several !== undefined && (await findProfile(first ?? '', context)) !== undefined;
  return several === undefined || isProfile ? readOneWord(first, rest, options) : several;
}

function describeRequest(command: readonly string[], mayAsk: boolean) {
  return {
    purpose: command.length === 0 ? 'in a subshell' : 'for this command',
    command: 'rolecall exec',
    commandEnd: command.length === 0 ? '' : ` -- ${command.map(quoteForShell).join(' ')}`,
    mayAsk,
  };
}

function checkOptions(
  first: string | undefined,
  words: readonly string[],
  command: readonly string[],
  options: ExecOptions,
  context: Context,
): void {
  if (options.envKeys === true && options.tokenFile === true) {
    throw new UsageError('usage', 'exec takes --env-keys or --token-file, not both.', { hint: 'rolecall exec --help' });
  }
  if (options.policy !== undefined && options.via === undefined) {
    throw new UsageError(
      'usage',
      'exec --policy needs --via: AWS cannot narrow the credentials of a permission set, only those of a role that they assume.',
      { hint: 'rolecall exec --help' },
    );
  }
  const given = CONFINEMENT_OPTIONS.find(([name]) => options[name] !== undefined);
  if (given !== undefined && options.confine !== true) {
    throw new UsageError('usage', `exec ${given[1]} needs --confine.`, { hint: 'rolecall exec --help' });
  }
  if (options.envKeys === true && options.network === 'own') {
    throw new UsageError('usage', 'exec --network=own serves the keys by a port and takes no --env-keys.', {
      hint: 'rolecall exec --help',
    });
  }
  if (words.length === 0 && !canAsk(context)) {
    throw first === undefined
      ? new UsageError('usage', 'rolecall exec needs a profile.', { hint: 'rolecall exec --help' })
      : new UsageError('usage', 'exec needs a profile before the "--".', { hint: 'rolecall profiles list' });
  }
  if (command.length > 0) return;
  if (options.envKeys === true) {
    throw new UsageError('usage', 'exec --env-keys needs a command, because a subshell would outlive its keys.', {
      hint: ['rolecall exec', ...words.map(quoteForShell)].join(' '),
    });
  }
  if (!context.stdinIsTerminal) {
    throw new UsageError('usage', 'exec without a command starts a subshell, which needs a terminal.', {
      hint: 'rolecall exec --help',
    });
  }
}

async function prepareSubshell(
  shell: string,
  profile: ProfileDocument,
  grant: IssuedGrantDocument & { readonly visibleAt: string },
  environment: Readonly<Record<string, string>>,
  context: Context,
): Promise<ForeignProgram> {
  const profileName = nameInside(profile, grant);
  const { accountId } = grant.role ?? profile;
  const plan = planSubshell({ shell, profileName, directory: grant.visibleAt, environment });
  for (const [name, text] of Object.entries(plan.files)) await writePrivate(join(grant.directory, name), text);
  context.stderr.write(`This shell uses ${harmless(profileName)} (account ${accountId}). To leave it: exit\n`);
  return { command: [...plan.command], environment: { ...environment, ...plan.environment } };
}
