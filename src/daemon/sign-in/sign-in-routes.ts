// /v1/sessions/{session}/sign-in, and the check of who signed in.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { EndpointsOf, SsoSession } from '../../core/model.ts';
import { findPageToOpen } from '../../core/aws/verification-uri.ts';
import type { SignInDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { SignInState } from '../../sso/session/sign-in.ts';
import type { ChooseFlow, FlowRequest } from './flow-choice.ts';
import type { Changes } from '../process/changes.ts';
import { requireNoRelay } from '../settings/endpoints.ts';
import type { Log } from '../process/log.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { PostSignInSync } from './post-sign-in-sync.ts';
import type { Handlers } from '../http/surface.ts';
import type { TokenFiles } from '../profiles/token-files.ts';

/** `signIn` also returns the document for events. */
export type SignInHandlers = Pick<Handlers, 'startSignIn' | 'cancelSignIn' | 'checkUser'> & {
  readonly signIn: (input: { readonly session: string }) => Promise<SignInDocument | null>;
};

export function createSignInHandlers(deps: {
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'startSignIn' | 'signInState' | 'cancelSignIn' | 'checkUser'>;
  readonly postSignInSync: PostSignInSync;
  readonly tokenFiles: Pick<TokenFiles, 'keep'>;
  readonly endpointsOf: EndpointsOf;
  readonly changes: Pick<Changes, 'announce'>;
  readonly settings: Pick<Settings, 'browsers'>;
  readonly chooseFlow: ChooseFlow;
  /** Removes what the desktop shows of a sign-in. */
  readonly endNotification: (sessionName: string) => void;
  readonly log: Log;
  /** A person is at the machine, and can unlock the keychain. */
  readonly personActs: () => void;
}): SignInHandlers {
  const { broker, sharedConfig, postSignInSync } = deps;

  function describe(session: SsoSession, state: SignInState): SignInDocument {
    const progress = postSignInSync.state(session);
    const shared = progress === undefined || state.state === 'pending' ? {} : { setup: progress };
    if (state.state === 'live') return { state: 'live', ...shared };
    const { expiresAtMs, ...prompt } = state;
    const openUri = findPageToOpen(state, session, deps.endpointsOf(session).ssoOidc);
    const browser = deps.settings.browsers.get(session.sessionName);
    return {
      ...prompt,
      expiresAt: formatUtcSeconds(expiresAtMs),
      ...(openUri === undefined ? {} : { openUri }),
      ...(browser === undefined ? {} : { browser: browser.template, browserLine: browser.line }),
      ...shared,
    };
  }

  return {
    async startSignIn({ session: selector, body }, { surface }) {
      const session = await sharedConfig.findSession(selector);
      if (body?.acceptEndpoint !== true) requireNoRelay(deps.endpointsOf(session), session);
      deps.personActs();
      // A client that does not say where its browser is may expect a code, as all did before there was another flow.
      const defaults: FlowRequest = surface === 'socket' ? { browser: 'not-opened' } : {};
      const decision = deps.chooseFlow(session.sessionName, { ...defaults, ...body });
      const state = await broker.startSignIn(session, { force: body?.force === true, decision });
      deps.log('info', `sign-in to ${session.sessionName}: ${describeForLog(state)}`);
      // It may show the code of the sign-in that this one has replaced.
      if (body?.flow !== undefined) deps.endNotification(session.sessionName);
      deps.changes.announce();
      // Already live: update lists and profiles as after a sign-in.
      if (state.state === 'live') void postSignInSync.run(session);
      return describe(session, state);
    },
    async signIn({ session: selector }) {
      const session = await sharedConfig.findSession(selector);
      const state = broker.signInState(session);
      return state === undefined ? null : describe(session, state);
    },
    async cancelSignIn({ session: selector }) {
      const session = await sharedConfig.findSession(selector);
      broker.cancelSignIn(session);
      deps.endNotification(session.sessionName);
      deps.changes.announce();
      return undefined;
    },
    async checkUser({ session: selector, body }) {
      const session = await sharedConfig.findSession(selector);
      const check = await broker.checkUser(session, body.accept);
      // The token file waited for this confirmation.
      if (check.state === 'confirmed') await deps.tokenFiles.keep(session, { justSignedIn: true });
      // Replaces the lists of the user before.
      if (check.state === 'confirmed' && body.accept !== undefined) void postSignInSync.run(session);
      deps.changes.announce();
      return { ...check };
    },
  };
}

export function describeForLog(state: SignInState): string {
  return state.state === 'live' ? 'live' : `${state.state}, ${state.flow} (${state.flowReason})`;
}
