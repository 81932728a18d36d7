// Starts a sign-in from a desktop notification: shows the code first, then opens the page.
import { toRolecallError } from '../../core/errors.ts';
import type { EndpointsOf, SsoSession } from '../../core/model.ts';
import { findPageToOpen } from '../../core/aws/verification-uri.ts';
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
   * True when the person sees the code, or when none was needed; never rejects.
   * If the code can't be shown, the sign-in is cancelled and its page is not opened. `force`: also if the session is live.
   */
  start(session: SsoSession, options?: { readonly force: boolean }): Promise<boolean>;
  /** Removes the code from the screen: it was approved, denied, or no longer works. */
  end(sessionName: string): void;
}

export function createDesktopSignIn(deps: {
  readonly broker: Pick<Broker, 'startSignIn' | 'cancelSignIn'>;
  readonly notifier: Notifier;
  readonly desktop: Pick<Desktop, 'openPage'>;
  readonly endpointsOf: EndpointsOf;
  readonly settings: Pick<Settings, 'browsers'>;
  readonly chooseFlow: ChooseFlow;
  readonly log: Log;
}): DesktopSignIn {
  const { broker, log, notifier } = deps;

  async function show(session: SsoSession, prompt: SignInPrompt): Promise<boolean> {
    const { sessionName } = session;
    const { userCode, verificationUri } = prompt;
    const page = findPageToOpen(prompt, session, deps.endpointsOf(session).ssoOidc);
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
      log(
        'warn',
        `did not open the sign-in page of ${sessionName}: its host is neither AWS's for its region nor its start URL's`,
      );
      return tell(
        `Not opened: ${verificationUri}. Its host is neither AWS's for your region nor your start URL's. ${caution}`,
      );
    }
    // The person needs the code to compare, so it is shown before the page.
    if (!(await tell(caution))) return false;
    const template = deps.settings.browsers.get(sessionName)?.template;
    if (!(await deps.desktop.openPage(page, template))) await tell(`Open ${verificationUri} in a browser. ${caution}`);
    return true;
  }

  return {
    async start(session, { force } = { force: false }) {
      try {
        requireNoRelay(deps.endpointsOf(session), session);
        const decision = deps.chooseFlow(session.sessionName);
        const state = await broker.startSignIn(session, { force, decision });
        log('info', `sign-in to ${session.sessionName} from the desktop: ${describeOutcome(state)}`);
        if (state.state !== 'pending') return true;
        if (await show(session, state)) return true;
        broker.cancelSignIn(session);
      } catch (thrown) {
        const error = toRolecallError(thrown);
        log('warn', `sign-in to ${session.sessionName} from the desktop: ${error.message}`);
        if (error.code === 'endpoint-not-accepted') {
          await notifier.notify({
            key: keyOf(session.sessionName),
            title: `Sign in to ${session.sessionName} in a terminal`,
            body: `${error.message} Run: ${error.hint}`,
            isAnswer: true,
          });
        }
      }
      return false;
    },
    end: (sessionName) => notifier.resolve(keyOf(sessionName)),
  };
}

function keyOf(sessionName: string): string {
  return `code ${sessionName}`;
}
