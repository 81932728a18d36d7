// `rolecall login`: signs in if necessary, shows the code, and prints what has changed.
import { BrowserFailure } from '../../../core/text/browser-command.ts';
import {
  errorFromBody,
  NotFoundError,
  RolecallError,
  SignInRequiredError,
  UsageError,
  type ErrorBody,
} from '../../../core/errors.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import type { SignInDocument, SignInSetupDocument, StatusDocument } from '../../../local-api/schemas.ts';
import { describeBrowserFailure } from '../../browser-failure.ts';
import { confirmUser } from './confirm-user.ts';
import type { CliContext } from '../../context.ts';
import { createEndpointConsent, type EndpointConsent } from './endpoint-consent.ts';
import {
  count,
  createPainter,
  formatDuration,
  formatTable,
  harmless,
  reportFailure,
  reportNote,
  shortenPath,
} from '../../terminal/render.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { chooseSession, fetchStatus, loadStatus, noSession } from '../../sessions.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { describeNamesTaken } from '../../profiles/credentials-file.ts';
import { describeSync, reportKept } from '../profiles/describe-plan.ts';

export interface LoginOptions {
  readonly all?: boolean;
  readonly profile?: string;
  readonly ssoSession?: string;
  readonly browser: boolean;
  readonly force?: boolean;
  readonly fresh?: boolean;
  /** Sign in at an endpoint that is not AWS's without asking. */
  readonly yes?: boolean;
  /** The user to accept although another one was signed in before. */
  readonly acceptUser?: string;
  /** False with --no-wait: do not wait for the list of accounts. */
  readonly wait: boolean;
  readonly json?: boolean;
}

const POLL_MS = 200;
const CANCEL_TIMEOUT_MS = 2000;
/** How many new and removed roles are printed; a first sign-in may bring hundreds. */
const MAX_CHANGES_SHOWN = 12;

export async function runLogin(
  wanted: string | undefined,
  options: LoginOptions,
  context: CliContext,
): Promise<number> {
  const status = await loadStatusOrSetUp(options, context);
  warnAboutStore(status, context);
  const consent = createEndpointConsent(status, options, context);
  if (options.all === true) return loginToAll(status, wanted, consent, options, context);
  const session = await findSession(status, wanted, options, context);
  const outcome = await loginTo(session, status, consent, options, context);
  if (options.json === true) context.stdout.write(formatJson(outcome));
  if (outcome.setup?.error !== undefined) throw errorFromBody(outcome.setup.error);
  return 0;
}

interface LoginOutcome {
  readonly session: string;
  readonly state: SignInDocument['state'];
  readonly setup: SignInSetupDocument | null;
  /** Who signed in; undefined if unknown. */
  readonly user?: string;
}

async function loginTo(
  session: string,
  status: StatusDocument,
  consent: EndpointConsent,
  options: LoginOptions,
  context: CliContext,
): Promise<LoginOutcome> {
  const isLive = status.sessions.some((known) => known.session === session && known.state === 'live');
  if (!isLive || options.force === true || options.fresh === true) await consent.require();
  if (options.fresh === true) await signOutFirst(session, context);
  const force = options.force === true || options.fresh === true;
  // The user has agreed, or is asked below before the code is shown.
  const body = { force, acceptEndpoint: true };
  const started = await context.client.call('startSignIn', { session, body }, { signal: context.signal });
  if (started.state === 'pending') await requireOrCancel(session, consent, context);
  const outcome = started.state === 'pending' ? await waitForApproval(session, started, options, context) : started;
  if (outcome.state !== 'approved' && outcome.state !== 'live') throw notSignedIn(session, outcome);
  context.stderr.write(
    outcome.state === 'live'
      ? `Already signed in to ${harmless(session)}; no browser needed.\n`
      : `Signed in to ${harmless(session)}.\n`,
  );
  const setup = options.wait ? await waitForSetup(session, context) : undefined;
  if (options.json !== true && setup !== undefined) {
    context.stdout.write(describeSetup(setup, context));
    reportKept(setup.profiles ?? {}, context);
  }
  const user = options.wait ? await confirmUser(session, options, context) : undefined;
  if (options.json !== true && setup !== undefined) await describeTokenFile(session, context);
  return { session, state: outcome.state, setup: setup ?? null, ...(user === undefined ? {} : { user }) };
}

/** Signs out first; a session that cannot be ended or deleted is only reported, so that signing in stays possible. */
async function signOutFirst(session: string, context: CliContext): Promise<void> {
  try {
    const { note } = await context.client.call('signOut', { session }, { signal: context.signal });
    if (note !== undefined) reportNote(note, context);
  } catch (error) {
    if (!(error instanceof RolecallError) || !error.code.startsWith('secret-store-')) throw error;
    reportNote(error.message, context);
  }
}

/** Asks for consent late, if the session was expected to be live. Cancels the sign-in if the user declines. */
async function requireOrCancel(session: string, consent: EndpointConsent, context: CliContext): Promise<void> {
  try {
    await consent.require();
  } catch (error) {
    await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
    throw error;
  }
}

/** Signs in to one session after another, as each has its own page and code. A failure does not stop the others. */
async function loginToAll(
  status: StatusDocument,
  wanted: string | undefined,
  consent: EndpointConsent,
  options: LoginOptions,
  context: CliContext,
): Promise<number> {
  if ([wanted, options.ssoSession, options.profile].some((name) => name !== undefined)) {
    throw new UsageError('usage', 'login --all signs in to every sso-session, so it takes no name.', {
      hint: 'rolecall login --help',
    });
  }
  const { sessions } = status;
  if (sessions.length === 0) throw noSession(status, context);
  const paint = createPainter(context.stderr, context.environment);
  const outcomes: (LoginOutcome | { readonly session: string; readonly error: ErrorBody })[] = [];
  const failures: RolecallError[] = [];
  for (const [index, { session, label, startUrl }] of sessions.entries()) {
    const title = label === undefined ? harmless(session) : `${harmless(label)} (${harmless(session)})`;
    const position = sessions.length === 1 ? '' : `${index + 1} of ${sessions.length}: `;
    context.stderr.write(`${index === 0 ? '' : '\n'}${position}${paint('bold', title)}  ${harmless(startUrl)}\n`);
    const earlier = sessions.slice(0, index).find((other) => other.startUrl === startUrl);
    if (earlier !== undefined) {
      context.stderr.write(
        `Note: ${harmless(earlier.session)} has the same start URL. To sign in as another user, give each session its own browser in the settings.\n`,
      );
    }
    const known = failures.length;
    try {
      const outcome = await loginTo(session, status, consent, options, context);
      outcomes.push(outcome);
      if (outcome.setup?.error !== undefined) failures.push(errorFromBody(outcome.setup.error));
    } catch (error) {
      if (!(error instanceof RolecallError) || context.signal.aborted) throw error;
      failures.push(error);
      outcomes.push({ session, error: error.toBody() });
    }
    // Immediately, as the next sign-in would scroll an earlier message away.
    if (failures.length > known) reportFailure(failures.at(-1)?.message ?? '', failures.at(-1)?.hint ?? '', context);
  }
  if (options.json === true) context.stdout.write(formatJson({ sessions: outcomes }));
  const [failure] = failures;
  return failure?.exitCode ?? 0;
}

/** Runs setup first if there is no sso-session yet and a terminal to ask in. */
async function loadStatusOrSetUp(options: LoginOptions, context: CliContext): Promise<StatusDocument> {
  const status = await loadStatus(context);
  const isFirstRun = status.sessions.length === 0 && status.problems.every(({ code }) => code !== 'config-malformed');
  if (!isFirstRun || !context.stdinIsTerminal || options.json === true) return status;
  const { setUp } = await import('../setup/run.ts');
  const outcome = await setUp({}, context);
  if (outcome === undefined) throw noSession(status, context);
  return loadStatus(context);
}

async function findSession(
  status: StatusDocument,
  wanted: string | undefined,
  options: LoginOptions,
  context: CliContext,
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

/** Warns before the browser opens that tokens will not be kept; a store that fails completely is an error later. */
function warnAboutStore(status: StatusDocument, context: CliContext): void {
  if (status.store.durable) return;
  const problem = status.problems.find(({ code }) => code.startsWith('secret-store-'));
  if (problem === undefined) return;
  const paint = createPainter(context.stderr, context.environment);
  context.stderr.write(`${paint('yellow', 'Note:')} ${harmless(problem.message)}\n`);
}

async function waitForApproval(
  session: string,
  pending: SignInDocument,
  options: LoginOptions,
  context: CliContext,
): Promise<SignInDocument> {
  await showPrompt(session, pending, options, context);
  const progress = createProgressLine(context);
  try {
    for (let current = pending; ; await context.clock.sleep(POLL_MS, context.signal)) {
      const timeLeft = formatDuration(Date.parse(current.expiresAt ?? '') - context.clock.nowMs());
      progress.show(`Waiting for your approval; the code is valid for ${timeLeft} … Ctrl-C cancels.`);
      const next = await context.client.call('signIn', { session }, { signal: context.signal });
      if (next === null || next.state !== 'pending') return next ?? { state: 'cancelled' };
      current = next;
    }
  } catch (error) {
    // The code must not be approved by mistake later.
    if (context.signal.aborted) {
      progress.clear();
      await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
      context.stderr.write('Sign-in cancelled. The code no longer works.\n');
    }
    throw error;
  } finally {
    progress.clear();
  }
}

async function showPrompt(
  session: string,
  pending: SignInDocument,
  options: LoginOptions,
  context: CliContext,
): Promise<void> {
  const paint = createPainter(context.stderr, context.environment);
  context.stderr.write(
    `Signing in to ${paint('bold', harmless(session))}\n\n` +
      `  Code   ${paint('bold', harmless(pending.userCode ?? ''))}\n` +
      `  Page   ${harmless(pending.verificationUri ?? '')}\n\n` +
      'Approve only if you just started this and the page shows the same code.\n',
  );
  if (pending.openUri === undefined) {
    context.stderr.write(
      `${paint('yellow', 'Warning:')} this page is neither on an AWS host nor on your start URL's, so it was not opened.\n`,
    );
  } else if (options.browser && (await openPage(session, pending.openUri, pending, context))) {
    context.stderr.write('Opened the page in your browser. Enter the code there.\n');
  } else {
    context.stderr.write('Open the page in a browser, on this machine or another, and enter the code.\n');
  }
}

/** Opens the sign-in page; a browser that fails is only reported, as the user can open the page. */
async function openPage(
  session: string,
  page: string,
  { browserLine }: SignInDocument,
  context: CliContext,
): Promise<boolean> {
  try {
    // Not the `browser` of the answer: commands never run a program that an answer names.
    return await context.openBrowser(
      page,
      await readBrowserSetting(context.paths.settingsFile, session, MAX_SETTINGS_BYTES),
    );
  } catch (error) {
    if (!(error instanceof BrowserFailure)) throw error;
    const setting = { session, ...(browserLine === undefined ? {} : { browserLine }) };
    const { message, hint } = describeBrowserFailure(error, setting, context);
    const paint = createPainter(context.stderr, context.environment);
    context.stderr.write(`${paint('yellow', 'Warning:')} ${harmless(message)}\nRun: ${harmless(hint)}\n`);
    return false;
  }
}

function notSignedIn(session: string, outcome: SignInDocument): Error {
  if (outcome.error !== undefined) return errorFromBody(outcome.error);
  const hint = `rolecall login ${quoteForShell(session)}`;
  switch (outcome.state) {
    case 'denied':
      return new SignInRequiredError('sign-in-denied', `The sign-in to ${session} was denied on the page.`, { hint });
    case 'cancelled':
      return new SignInRequiredError('sign-in-required', `The sign-in to ${session} was cancelled.`, { hint });
    default:
      return new SignInRequiredError('sign-in-expired', `The code for ${session} was not approved in time.`, { hint });
  }
}

/** Waits while the daemon lists accounts and writes profiles; Ctrl-C stops the waiting only. */
async function waitForSetup(session: string, context: CliContext): Promise<SignInSetupDocument | undefined> {
  const progress = createProgressLine(context);
  try {
    for (;;) {
      const current = await context.client.call('signIn', { session }, { signal: context.signal });
      const setup = current?.setup;
      if (setup === undefined) return undefined;
      if (setup.state === 'done' || setup.state === 'failed') return setup;
      progress.show(describeProgress(setup));
      await context.clock.sleep(POLL_MS / 4, context.signal);
    }
  } catch (error) {
    if (context.signal.aborted) {
      progress.clear();
      context.stderr.write(
        'You are signed in. The daemon lists the accounts and writes the profiles in the background.\n',
      );
    }
    throw error;
  } finally {
    progress.clear();
  }
}

function describeProgress({ state, accountsListed, accountsTotal }: SignInSetupDocument): string {
  if (state === 'syncing') return 'Writing profiles …';
  if (accountsTotal === 0) return 'Listing accounts …';
  return `Listing permission sets, ${accountsListed} of ${accountsTotal} accounts …`;
}

function describeSetup(setup: SignInSetupDocument, context: CliContext): string {
  const paint = createPainter(context.stdout, context.environment);
  const { added = [], removed = [], profiles } = setup;
  const lines = [
    `${count(setup.accountsTotal, 'account')}, ${count(setup.permissionSets ?? 0, 'permission set')}` +
      `${setup.complete === false ? ' (incomplete: rolecall ls --refresh)' : ''}.\n`,
  ];
  const news = [...added.map((role) => ['+', role] as const), ...removed.map((role) => ['-', role] as const)];
  const table = formatTable(
    news
      .slice(0, MAX_CHANGES_SHOWN)
      .map(([sign, role]) => [
        `  ${sign}`,
        harmless(role.accountName ?? '-'),
        role.accountId,
        harmless(role.permissionSet),
      ]),
  );
  for (const [index, line] of table.split(/(?<=\n)/).entries()) {
    lines.push(line === '' ? '' : paint(news[index]?.[0] === '-' ? 'red' : 'green', line));
  }
  if (news.length > MAX_CHANGES_SHOWN) lines.push(`  … and ${news.length - MAX_CHANGES_SHOWN} more: rolecall ls\n`);
  if (profiles !== undefined) {
    lines.push(`${describeSync(profiles, shortenPath(profiles.configFile, context.homeDirectory))}\n`);
    lines.push(describeNamesTaken(profiles.inCredentialsFile, context) ?? '');
    const [example] = [...profiles.added];
    if (example !== undefined) {
      lines.push(`Try: ${paint('bold', `aws sts get-caller-identity --profile ${harmless(example)}`)}\n`);
    }
  }
  return lines.join('');
}

/** Shown at each login: the profiles for which an access token is stored unencrypted. */
async function describeTokenFile(session: string, context: CliContext): Promise<void> {
  const status = await fetchStatus(context);
  const profiles = status.sessions.find((candidate) => candidate.session === session)?.tokenFileProfiles ?? [];
  if (profiles.length > 0) {
    context.stderr.write(
      `For the hand-written ${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.map(harmless).join(', ')} ` +
        "the access token is also stored in the AWS CLI's own token file.\n",
    );
  }
  const foreign = status.problems.find(
    (problem) => problem.code === 'token-file-not-ours' && problem.session === session,
  );
  if (foreign !== undefined) context.stderr.write(`${harmless(foreign.message)}\n`);
  // A store in memory was already reported before the sign-in.
  const unsaved = status.problems.find(({ code }) => status.store.durable && code.startsWith('secret-store-'));
  if (unsaved !== undefined) reportNote(unsaved.message, context);
}
