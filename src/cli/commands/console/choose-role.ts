// Which role `rolecall console` opens: the one that its words mean, this shell's, or the current one.
import { isChained } from '../../../core/aws/chain-role.ts';
import { NotFoundError, UsageError } from '../../../core/errors.ts';
import type { ConsoleDocument, ProfileDocument } from '../../../local-api/schemas.ts';
import { chooseProfile } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { chooseRegion, resolveProfile } from '../../profiles/granted-role.ts';
import { findIdentitySource } from '../whoami/shell-identity.ts';
import type { ConsoleOptions } from './options.ts';

type RoleName = Pick<ConsoleDocument, 'session' | 'accountId' | 'permissionSet'>;

export interface ConsoleRole {
  readonly role: RoleName;
  readonly region: string | undefined;
}

/** Whether the role's keys sign in. The access portal has links to permission sets only, so it can't open a chained role. */
export function isFederated({ federated }: ConsoleOptions, role: RoleName): boolean {
  return federated === true || isChained(role);
}

/**
 * Undefined when the user cancelled. Never falls back: if the profile that comes first is unusable, that is an error.
 * @throws NotFoundError; UsageError usage: the shell's keys may be of any role, or the words mean no single role
 */
export async function chooseConsoleRole(
  words: readonly string[],
  options: ConsoleOptions & { readonly mayAsk: boolean },
  context: PickerContext,
): Promise<ConsoleRole | undefined> {
  const { mayAsk } = options;
  const request = { purpose: 'in the console', command: 'rolecall console', mayAsk };
  const search = async () => {
    const profile = await chooseProfile(words, request, context);
    return profile === undefined ? undefined : withRegion(profile, options);
  };
  if (words.length > 0) return words.join(' ') === 'current' ? currentRole('current', options, context) : search();
  const own = nameOfShell(context.environment);
  if (own === 'foreign') {
    const why = 'The keys in the environment of this shell take precedence, and rolecall does not know whose they are.';
    if (!mayAsk) throw new UsageError('usage', `${why} Name a profile.`, { hint: 'rolecall profiles list' });
    context.stderr.write(`${why}\n`);
    return search();
  }
  if (own === undefined || own.name === 'current') {
    const isNothingSet = own === undefined && mayAsk && (await fetchCurrent(context)) === null;
    return isNothingSet ? search() : currentRole(own?.variable, options, context);
  }
  if (own.variable === EXEC_PROFILE && (context.environment['ROLECALL_GRANT'] ?? '') !== '') {
    throw new UsageError(
      'usage',
      `This shell uses ${own.name}, and a role of exec --via has no console. Name a profile.`,
      {
        hint: 'rolecall profiles list',
      },
    );
  }
  const profile = await resolveProfile(own.name, context).catch((error: unknown) => {
    if (!(error instanceof NotFoundError) || error.code !== 'profile-not-found') throw error;
    const message = `${own.variable} of this shell: ${error.message}`;
    throw new NotFoundError('profile-not-found', message, { cause: error, hint: error.hint });
  });
  return withRegion(profile, options);
}

const EXEC_PROFILE = 'ROLECALL_PROFILE';

/** The profile that this shell uses, by the rules of `whoami`; undefined if it has none. */
function nameOfShell(
  environment: PickerContext['environment'],
): { readonly name: string; readonly variable: string } | 'foreign' | undefined {
  const source = findIdentitySource(environment);
  if (source.kind !== 'profile') return 'foreign';
  const { because, profileName: name } = source;
  if (because === 'AWS_PROFILE' || because === 'AWS_DEFAULT_PROFILE') return { name, variable: because };
  const execName = environment[EXEC_PROFILE] ?? '';
  return execName === '' ? undefined : { name: execName, variable: EXEC_PROFILE };
}

const fetchCurrent = ({ client, signal }: PickerContext) => client.call('current', {}, { signal });

async function currentRole(
  asked: string | undefined,
  options: ConsoleOptions,
  context: PickerContext,
): Promise<ConsoleRole> {
  const current = await fetchCurrent(context);
  if (current === null) throw noRole(asked);
  const { session, accountId, permissionSet } = current;
  return { role: { session, accountId, permissionSet }, region: options.region };
}

function withRegion(profile: ProfileDocument, options: ConsoleOptions): ConsoleRole {
  const { session, accountId, permissionSet } = profile;
  // Without options, the administrator's choice of a page applies.
  const isPageRequested =
    [options.service, options.region].some((value) => value !== undefined) || isFederated(options, profile);
  return {
    role: { session, accountId, permissionSet },
    region: isPageRequested ? chooseRegion(options.region, profile) : undefined,
  };
}

function noRole(asked: string | undefined): NotFoundError {
  return new NotFoundError(
    'no-current-role',
    asked === undefined
      ? 'No profile named, AWS_PROFILE is not set, and no current role is set.'
      : 'No current role is set.',
    { hint: 'rolecall profiles list' },
  );
}
