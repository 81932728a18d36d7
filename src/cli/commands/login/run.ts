// `rolecall login`: signs in to one sso-session, or with --all to every one.
import { errorFromBody, NotFoundError, UsageError } from '../../../core/errors.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { chooseSession, noSession } from '../../choose-session.ts';
import { loadStatus } from '../../sessions.ts';
import { reportNote } from '../../terminal/render.ts';
import { createEndpointConsent } from './endpoint-consent.ts';
import { printDoneLine } from './login-lines.ts';
import { loginToAll } from './login-to-all.ts';
import { loginToSession } from './login-to-session.ts';
import type { LoginContext, LoginOptions } from './options.ts';
import { refuseBothFlows } from './sign-in-request.ts';

export async function runLogin(
  wanted: string | undefined,
  options: LoginOptions,
  context: LoginContext,
): Promise<number> {
  refuseBothFlows(options);
  const status = await loadStatusOrSetUp(options, context);
  if (typeof status === 'number') return status;
  warnAboutStore(status, context);
  const consent = createEndpointConsent(status, options, context);
  if (options.all === true) {
    refuseNames([wanted, options.ssoSession, options.profile]);
    return loginToAll(status, consent, options, context);
  }
  const session = await findSession(status, wanted, options, context);
  const outcome = await loginToSession(session, status, consent, options, context);
  if (options.json === true) await printDoneLine(outcome, context);
  if (outcome.setup?.error !== undefined) throw errorFromBody(outcome.setup.error);
  return 0;
}

function refuseNames(names: readonly (string | undefined)[]): void {
  if (names.every((name) => name === undefined)) return;
  throw new UsageError('usage', 'login --all signs in to every sso-session, so it takes no name.', {
    hint: 'rolecall login --help',
  });
}

/** On a terminal, `login` starts the setup if there is no sso-session yet; the exit code if the user wants nothing written. */
async function loadStatusOrSetUp(options: LoginOptions, context: LoginContext): Promise<StatusDocument | number> {
  const status = await loadStatus(context);
  const isFirstRun = status.sessions.length === 0 && status.problems.every(({ code }) => code !== 'config-malformed');
  if (!isFirstRun || !context.stdinIsTerminal || options.json === true) return status;
  const { setUp } = await import('../setup/set-up.ts');
  const outcome = await setUp({}, context);
  return outcome === undefined ? noSession(status, context).exitCode : loadStatus(context);
}

/** Says before the sign-in that no store keeps the tokens; a store that fails completely is reported as an error later. */
function warnAboutStore(status: StatusDocument, context: LoginContext): void {
  if (status.store.durable) return;
  const problem = status.problems.find(({ code }) => code.startsWith('secret-store-'));
  if (problem !== undefined) reportNote(problem.message, context);
}

async function findSession(
  status: StatusDocument,
  wanted: string | undefined,
  options: LoginOptions,
  context: LoginContext,
): Promise<string> {
  const { profile } = options;
  const names = [wanted, options.ssoSession, profile].filter((name) => name !== undefined);
  if (names.length > 1) {
    throw new UsageError('usage', 'Name the sso-session once: as the argument, by --sso-session or by --profile.', {
      hint: 'rolecall login --help',
    });
  }
  if (profile === undefined) return chooseSession(status, names[0], 'rolecall login', context);
  const native = status.sessions.find(({ tokenFileProfiles }) => tokenFileProfiles.includes(profile));
  if (native !== undefined) return native.session;
  const { profiles } = await context.client.call('profiles', {}, { signal: context.signal });
  const found = profiles.find(({ profileName, aliases }) => profileName === profile || aliases?.includes(profile));
  if (found !== undefined) return found.session;
  throw new NotFoundError('profile-not-found', `No sso-session has a profile "${profile}".`);
}
