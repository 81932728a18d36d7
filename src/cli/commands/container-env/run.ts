// `rolecall container-env`: gives a container one role, for as long as it runs or for a time.
import { EXIT_INTERRUPTED, NotFoundError, UnavailableError, UsageError } from '../../../core/errors.ts';
import { formatMoment } from '../../../core/text/format-duration.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { requireNewEnough } from '../../../local-api/require-new-enough.ts';
import type { IssuedGrantDocument, ProfileDocument } from '../../../local-api/schemas.ts';
import { commandAbout, findCommand } from '../../environment/find-command.ts';
import { canAsk, chooseProfile } from '../../picker/choose-profile.ts';
import { chooseRegion } from '../../profiles/granted-role.ts';
import { MAX_GRANT_SECONDS, revokeGrant } from '../../profiles/own-grants.ts';
import { readContainerCommand, type ContainerCommand } from '../../reach/container-command.ts';
import {
  chooseRelayPort,
  writeContainerFiles,
  type ContainerFiles,
  type ContainerNetwork,
} from '../../reach/container-files.ts';
import { parseLifetime } from '../../reach/lifetime.ts';
import { count, reportFailure } from '../../terminal/render.ts';
import { ensureUsable } from '../approvals/ensure-usable.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { ContainerContext, ContainerEnvOptions } from './options.ts';

const HELP = 'rolecall container-env --help';
const NAME = 'container-env';

export async function runContainerEnv(
  first: string | undefined,
  words: readonly string[],
  options: ContainerEnvOptions,
  context: ContainerContext,
): Promise<number> {
  if (options.end !== undefined) return endGrants(options.end, first, options, context);
  checkOptions(words, options);
  requireLinux(context);
  const command = words.length === 0 ? undefined : readContainerCommand(words);
  if (command !== undefined) {
    const [engine] = command.prefix;
    const found = findCommand(engine, context.environment);
    if ('exitCode' in found) {
      reportFailure({ message: found.reason, hint: commandAbout(engine, found.path) }, context);
      return found.exitCode;
    }
  }
  // With a command it ends with this process anyway.
  const lifetimeSeconds =
    command === undefined || options.for !== undefined ? parseLifetime(options.for, HELP) : MAX_GRANT_SECONDS;
  const profile = await chooseRole(first, command, context);
  if (profile === undefined) return EXIT_INTERRUPTED;
  const region = chooseRegion(options.region, profile);
  const network = command?.network ?? options.network ?? 'own';
  const grant = await createGrant({ profile, network, command, lifetimeSeconds }, context);
  let isKept = false;
  try {
    const files = writeContainerFiles(grant, {
      region,
      relayPort: chooseRelayPort(Math.random),
      isStartedHere: command !== undefined,
    });
    if (command !== undefined) {
      const { runContainer } = await import('./run-container.ts');
      return await runContainer({ command, profile, grant, files }, context);
    }
    await print({ grant, profile, files, network, options }, context);
    isKept = true;
    return 0;
  } finally {
    if (!isKept) await revokeGrant(grant.id, context);
  }
}

function checkOptions(words: readonly string[], options: ContainerEnvOptions): void {
  const refuse = (message: string) => new UsageError('usage', message, { hint: HELP });
  const extra = (['format', 'json', 'network'] as const).find((name) => options[name] !== undefined);
  if (words.length > 0 && extra !== undefined) throw refuse(`container-env with a command takes no --${extra}.`);
  if (options.json === true && options.format !== undefined) throw refuse('container-env takes --json or --format.');
}

/** The role at the moment of the start, also when the current one changes. */
async function chooseRole(
  first: string | undefined,
  command: ContainerCommand | undefined,
  context: ContainerContext,
): Promise<ProfileDocument | undefined> {
  const mayAsk = canAsk(context);
  const request = {
    purpose: 'in a container',
    command: 'rolecall container-env',
    commandEnd:
      command === undefined ? '' : ` -- ${[...command.prefix, 'run', ...command.rest].map(quoteForShell).join(' ')}`,
    mayAsk,
  };
  const named = first === undefined ? [] : [first];
  const chosen = await withSignIn(() => chooseProfile(named, request, context), { mayAsk }, context);
  if (chosen === undefined) return undefined;
  const profile = { ...chosen, followsCurrent: false };
  await ensureUsable(profile, context);
  return profile;
}

function createGrant(
  wish: {
    readonly profile: ProfileDocument;
    readonly network: ContainerNetwork;
    readonly command: ContainerCommand | undefined;
    readonly lifetimeSeconds: number;
  },
  context: ContainerContext,
): Promise<IssuedGrantDocument> {
  const { session, accountId, permissionSet } = wish.profile;
  const body = {
    session,
    accountId,
    permissionSet,
    lifetimeSeconds: wish.lifetimeSeconds,
    ...(wish.command === undefined
      ? { purpose: NAME }
      : { purpose: `${NAME} ${wish.command.engine} run`, processId: context.processId }),
    ...(wish.network === 'own' ? { socket: true } : {}),
  };
  const { client, signal } = context;
  return requireNewEnough(`"rolecall ${NAME}"`, () => client.call('createGrant', { body }, { signal }));
}

interface Printed {
  readonly grant: IssuedGrantDocument;
  readonly profile: ProfileDocument;
  readonly files: ContainerFiles;
  readonly network: ContainerNetwork;
  readonly options: ContainerEnvOptions;
}

async function print({ grant, profile, files, network, options }: Printed, context: ContainerContext): Promise<void> {
  const { id, expiresAt } = grant;
  const { folder, envFile, variables } = files;
  if (options.json === true) {
    const { session, accountId, permissionSet } = profile;
    const document = { id, session, accountId, permissionSet, expiresAt, network, folder, envFile, variables };
    context.stdout.write(formatJsonLine(document));
    return;
  }
  if (options.format !== undefined) {
    const { formatRecipe } = await import('../../reach/container-recipes.ts');
    context.stdout.write(formatRecipe(options.format, { grantId: id, files, network }));
    context.stderr.write(`${describeEnd(grant, context)}\n`);
    return;
  }
  const { describeFiles } = await import('../../reach/describe-files.ts');
  context.stdout.write(describeFiles({ grant, profile, files, network }));
  context.stdout.write(`${describeEnd(grant, context)}\n`);
}

const describeEnd = ({ id, expiresAt }: IssuedGrantDocument, { clock }: ContainerContext) =>
  `The access ends at ${formatMoment(expiresAt, clock.nowMs())}, or with:\n  rolecall container-env --end ${id}`;

async function endGrants(
  which: string,
  first: string | undefined,
  { json }: ContainerEnvOptions,
  context: ContainerContext,
): Promise<number> {
  if (first !== undefined) throw new UsageError('usage', 'container-env --end takes no profile.', { hint: HELP });
  const { grants } = await context.client.call('grants', {}, { signal: context.signal });
  const ours = grants.filter(({ purpose }) => purpose?.split(' ')[0] === NAME);
  const wanted = which === 'all' ? ours : ours.filter(({ id }) => id === which);
  if (which !== 'all' && wanted.length === 0) {
    throw new NotFoundError('grant-not-found', `No container has the access "${which}".`, { hint: HELP });
  }
  for (const { id } of wanted) await context.client.call('revokeGrant', { id }, { signal: context.signal });
  if (json === true) context.stdout.write(formatJsonLine({ ended: wanted.map(({ id }) => id) }));
  else context.stderr.write(`Ended ${count(wanted.length, 'grant')}.\n`);
  return 0;
}

function requireLinux({ platform }: ContainerContext): void {
  if (platform === 'linux') return;
  throw new UnavailableError(
    'relay-failed',
    'container-env needs Linux, where containers run without a virtual machine.',
    {
      hint: 'rolecall exec --help',
    },
  );
}
