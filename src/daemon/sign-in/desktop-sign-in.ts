// Starts a sign-in from a desktop notification: shows the code, or what to check without one, then opens the page.
import { toRolecallError } from '../../core/errors.ts';
import type { EndpointsOf, SignInFlow, SsoSession } from '../../core/model.ts';
import { findPageToOpen } from '../../core/aws/verification-uri.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { Broker } from '../../sso/broker.ts';
import type { SignInPrompt } from '../../sso/session/sign-in.ts';
import type { ChooseFlow } from './flow-choice.ts';
import { describeOutcome } from './sign-in-routes.ts';
import { requireNoRelay } from '../settings/endpoints.ts';
import type { Log } from '../process/log.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Settings } from '../settings/settings.ts';
import type { Notifier } from '../notifications/notifier.ts';

export interface DesktopSignIn {
  /**
   * True when the person was told how to go on, or when no sign-in was needed; never rejects.
   * If no notification can be shown, the sign-in is cancelled and its page is not opened. `force`: also if the session is live.
   */
  start(session: SsoSession, options?: { readonly force: boolean }): Promise<boolean>;
  /** Removes the notification from the screen: the sign-in was approved or denied, or can no longer be. */
  end(sessionName: string): void;
}

interface Wish {
  readonly force: boolean;
  /** Instead of the settings. */
  readonly flow?: SignInFlow;
}

type CodePrompt = Pick<SignInPrompt, 'verificationUri'> & { readonly userCode: string };

export function createDesktopSignIn(deps: {
  readonly broker: Pick<Broker, 'startSignIn' | 'cancelSignIn'>;
  readonly notifier: Notifier;
  readonly desktop: Pick<Desktop, 'openPage'>;
  readonly endpointsOf: EndpointsOf;
  readonly settings: Pick<Settings, 'browsers'>;
  readonly chooseFlow: ChooseFlow;
  /** A person is at the machine, and can unlock the keychain. */
  readonly personActs: () => void;
  readonly log: Log;
}): DesktopSignIn {
  const { broker, log, notifier } = deps;

  const openPage = (page: string, { sessionName }: SsoSession) =>
    deps.desktop.openPage(page, deps.settings.browsers.get(sessionName)?.template);

  /** The person needs the code to compare, so it is shown before the page. */
  async function showCode(session: SsoSession, { userCode, verificationUri }: CodePrompt, page: string | undefined) {
    const { sessionName } = session;
    const caution =
      'Enter the code on the page. Approve only if you just started this and the page shows the same code.';
    const tell = (body: string) =>
      notifier.notify({
        key: keyOf(sessionName),
        title: `Code ${userCode} signs in to ${sessionName}`,
        body,
        isAnswer: true,
        stays: true,
      });
    if (page === undefined) {
      return tell(
        `Not opened: ${verificationUri}. Its host is neither AWS's for your region nor your start URL's. ${caution}`,
      );
    }
    if (!(await tell(caution))) return false;
    if (!(await openPage(page, session))) await tell(`Open ${verificationUri} in a browser. ${caution}`);
    return true;
  }

  /** Without a code. Says what the page is for before it opens, as it also does without a click (`on_expired`). */
  async function showPage(session: SsoSession, page: string | undefined, force: boolean): Promise<boolean> {
    const { sessionName } = session;
    if (page === undefined) return referToTerminal(session, 'The sign-in page is not on a host of AWS.', force);
    const isTold = await notifier.notify({
      key: keyOf(sessionName),
      title: `Signing in to ${sessionName} in your browser`,
      body: 'Allow it on the page that opens. Approve only if you just started this.',
      action: {
        label: 'Use a code instead',
        onClick() {
          deps.personActs();
          void start(session, { force, flow: 'device' });
        },
      },
      isAnswer: true,
      stays: true,
    });
    if (!isTold) return false;
    return (await openPage(page, session)) || referToTerminal(session, 'No browser could be started.', force);
  }

  async function referToTerminal(session: SsoSession, reason: string, force: boolean): Promise<boolean> {
    broker.cancelSignIn(session);
    return tellTerminal(
      session,
      `${reason} Run: rolecall login ${quoteForShell(session.sessionName)}${force ? ' --force' : ''}`,
    );
  }

  const tellTerminal = ({ sessionName }: SsoSession, body: string) =>
    notifier.notify({
      key: keyOf(sessionName),
      title: `Sign in to ${sessionName} in a terminal`,
      body,
      isAnswer: true,
    });

  async function show(session: SsoSession, prompt: SignInPrompt, force: boolean): Promise<boolean> {
    const page = findPageToOpen(prompt, session, deps.endpointsOf(session).ssoOidc);
    if (page === undefined) {
      log(
        'warn',
        `did not open the sign-in page of ${session.sessionName}: its host is neither AWS's for its region nor its start URL's`,
      );
    }
    const { userCode } = prompt;
    return userCode === undefined ? showPage(session, page, force) : showCode(session, { ...prompt, userCode }, page);
  }

  async function start(session: SsoSession, { force, flow }: Wish): Promise<boolean> {
    try {
      requireNoRelay(deps.endpointsOf(session), session);
      const decision = deps.chooseFlow(session.sessionName, { flow });
      const state = await broker.startSignIn(session, { force, decision });
      log('info', `sign-in to ${session.sessionName} from the desktop: ${describeOutcome(state)}`);
      if (state.state !== 'pending') return true;
      if (await show(session, state, force)) return true;
      broker.cancelSignIn(session);
    } catch (thrown) {
      const error = toRolecallError(thrown);
      log('warn', `sign-in to ${session.sessionName} from the desktop: ${error.message}`);
      if (error.code === 'endpoint-not-accepted') await tellTerminal(session, `${error.message} Run: ${error.hint}`);
    }
    return false;
  }

  return {
    start: (session, { force } = { force: false }) => start(session, { force }),
    end: (sessionName) => notifier.resolve(keyOf(sessionName)),
  };
}

function keyOf(sessionName: string): string {
  return `code ${sessionName}`;
}
