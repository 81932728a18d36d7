// `rolecall login`: signs in where that is needed, shows the code, and tells what has changed.
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
  /** Signs in at an endpoint that is not AWS's without asking. */
  readonly yes?: boolean;
  /** A user that may have signed in instead of the one before. */
  readonly acceptUser?: string;
  /** False with --no-wait: the listing is left to the daemon. */
  readonly wait: boolean;
  readonly json?: boolean;
}

const POLL_MS = 200;
const CANCEL_TIMEOUT_MS = 2000;
/** A first sign-in may bring hundreds; the rest is what `ls` is for. */
const LONGEST_NEWS = 12;

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
  /** Who signed in; absent when nobody has checked. */
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
  // Agreed to by now, or asked below, before the code is shown.
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

/** What can't be ended or deleted is told, and is no reason to keep a person from signing in. */
async function signOutFirst(session: string, context: CliContext): Promise<void> {
  try {
    const { note } = await context.client.call('signOut', { session }, { signal: context.signal });
    if (note !== undefined) reportNote(note, context);
  } catch (error) {
    if (!(error instanceof RolecallError) || !error.code.startsWith('secret-store-')) throw error;
    reportNote(error.message, context);
  }
}

/** The session was thought to be live, so nobody was asked before. */
async function requireOrCancel(session: string, consent: EndpointConsent, context: CliContext): Promise<void> {
  try {
    await consent.require();
  } catch (error) {
    await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
    throw error;
  }
}

/** One after the other, for each has its page and its code; one that fails does not keep the others from it. */
async function loginToAll(
  status: StatusDocument,
  wanted: string | undefined,
  consent: EndpointConsent,
  options: LoginOptions,
  context: CliContext,
): Promise<number> {
  if ([wanted, options.ssoSession, options.profile].some((name) => name !== undefined)) {
    throw new UsageError('usage', 'login --all is for every sso-session, so name none.', {
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
        `Note: ${harmless(earlier.session)} has the same page. For another user, open it where that one is signed in: a browser setting a session does that.\n`,
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
    // Each where it happened, for the one after it scrolls it away.
    if (failures.length > known) reportFailure(failures.at(-1)?.message ?? '', failures.at(-1)?.hint ?? '', context);
  }
  if (options.json === true) context.stdout.write(formatJson({ sessions: outcomes }));
  const [failure] = failures;
  return failure?.exitCode ?? 0;
}

/** On a terminal the first `login` may be the first thing that anybody types. */
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
  throw new NotFoundError(
    'profile-not-found',
    `No profile "${profile}" belongs to an sso-session that rolecall knows.`,
  );
}

/** Before the person goes to the browser; a store that fails altogether is an error of its own soon enough. */
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
      progress.show(`Waiting for your approval; the code is good for ${timeLeft} … Ctrl-C stops.`);
      const next = await context.client.call('signIn', { session }, { signal: context.signal });
      if (next === null || next.state !== 'pending') return next ?? { state: 'cancelled' };
      current = next;
    }
  } catch (error) {
    // A code that nobody waits for must not be approved later by mistake.
    if (context.signal.aborted) {
      progress.clear();
      await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
      context.stderr.write('The sign-in was cancelled; its code is of no use any more.\n');
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
      `${paint('yellow', 'Warning:')} that page is neither AWS's nor your start URL's, so it was not opened.\n`,
    );
  } else if (options.browser && (await openPage(session, pending.openUri, pending, context))) {
    context.stderr.write('The page was opened in your browser; enter the code there.\n');
  } else {
    context.stderr.write('Open the page in a browser, on this machine or another, and enter the code.\n');
  }
}

/** A browser that can't be started is no reason to end a sign-in: the person can open the page. */
async function openPage(
  session: string,
  page: string,
  { browserLine }: SignInDocument,
  context: CliContext,
): Promise<boolean> {
  try {
    // Not the `browser` of the answer: a command runs no program that an answer names.
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

/** Follows the daemon while it lists and writes; Ctrl-C leaves the rest to it. */
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
      context.stderr.write('You are signed in; the daemon lists the accounts and writes the profiles by itself.\n');
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
      .slice(0, LONGEST_NEWS)
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
  if (news.length > LONGEST_NEWS) lines.push(`  … and ${news.length - LONGEST_NEWS} more: rolecall ls\n`);
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

/** Said at each login: for whose sake an access token is in clear. */
async function describeTokenFile(session: string, context: CliContext): Promise<void> {
  const status = await fetchStatus(context);
  const profiles = status.sessions.find((candidate) => candidate.session === session)?.tokenFileProfiles ?? [];
  if (profiles.length > 0) {
    context.stderr.write(
      `For the hand-written ${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.map(harmless).join(', ')} ` +
        "the access token is also in the AWS CLI's own token file.\n",
    );
  }
  const foreign = status.problems.find(
    (problem) => problem.code === 'token-file-not-ours' && problem.session === session,
  );
  if (foreign !== undefined) context.stderr.write(`${harmless(foreign.message)}\n`);
  // Of a store that keeps nothing anyway it was said before the sign-in.
  const unsaved = status.problems.find(({ code }) => status.store.durable && code.startsWith('secret-store-'));
  if (unsaved !== undefined) reportNote(unsaved.message, context);
}
