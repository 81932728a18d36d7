// Starts a sign-in from a desktop notification: shows the code, or what to check without one, then opens the page.
import { toRolecallError } from '../../core/errors.ts';
import type { EndpointsOf, SignInFlow, SsoSession } from '../../core/model.ts';
import { findPageToOpen } from '../../core/aws/verification-uri.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { Broker } from '../../sso/broker.ts';
import type { SignInPrompt } from '../../sso/session/sign-in.ts';
import type { ChooseFlow } from './flow-choice.ts';
import { createDesktopPrompts } from './desktop-prompts.ts';
import { describeForLog } from './sign-in-routes.ts';
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

interface StartOptions {
  readonly force: boolean;
  /** Instead of the settings. */
  readonly flow?: SignInFlow;
}

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

  const prompts = createDesktopPrompts({
    notifier,
    openPage: (page, { sessionName }) => deps.desktop.openPage(page, deps.settings.browsers.get(sessionName)?.template),
  });

  async function show(session: SsoSession, prompt: SignInPrompt, force: boolean): Promise<boolean> {
    const page = findPageToOpen(prompt, session, deps.endpointsOf(session).ssoOidc);
    if (page === undefined) {
      log(
        'warn',
        `did not open the sign-in page of ${session.sessionName}: its host is neither AWS's for its region nor its start URL's`,
      );
    }
    const { userCode, verificationUri } = prompt;
    if (userCode !== undefined) return prompts.showCode(session, { userCode, verificationUri }, page);
    const shown = await prompts.showPage(session, page, () => {
      deps.personActs();
      void start(session, { force, flow: 'device' });
    });
    if (typeof shown === 'boolean') return shown;
    broker.cancelSignIn(session);
    const command = `rolecall login ${quoteForShell(session.sessionName)}${force ? ' --force' : ''}`;
    return prompts.referToTerminal(session, `${shown.failure} Run: ${command}`);
  }

  async function start(session: SsoSession, { force, flow }: StartOptions): Promise<boolean> {
    try {
      requireNoRelay(deps.endpointsOf(session), session);
      const decision = deps.chooseFlow(session.sessionName, { flow });
      const state = await broker.startSignIn(session, { force, decision });
      log('info', `sign-in to ${session.sessionName} from the desktop: ${describeForLog(state)}`);
      if (state.state !== 'pending') return true;
      if (await show(session, state, force)) return true;
      broker.cancelSignIn(session);
    } catch (thrown) {
      const error = toRolecallError(thrown);
      log('warn', `sign-in to ${session.sessionName} from the desktop: ${error.message}`);
      if (error.code === 'endpoint-not-accepted') {
        await prompts.referToTerminal(session, `${error.message} Run: ${error.hint}`);
      }
    }
    return false;
  }

  return {
    start: (session, { force } = { force: false }) => start(session, { force }),
    end: prompts.end,
  };
}
