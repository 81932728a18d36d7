// What `rolecall login` is asked to do, and what its parts use to do it.
import type { SignInDocument, SignInSetupDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess, Dialog, Output, Places, SecretDialog, ServiceAccess } from '../../context.ts';

export interface LoginOptions {
  readonly all?: boolean;
  readonly profile?: string;
  readonly ssoSession?: string;
  readonly browser: boolean;
  /** Authorization code with PKCE, whatever the settings say. */
  readonly pkce?: boolean;
  /** The device code, whatever the settings say. */
  readonly useDeviceCode?: boolean;
  readonly force?: boolean;
  readonly fresh?: boolean;
  /** Signs in at an endpoint that is not AWS's without asking. */
  readonly yes?: boolean;
  /** A user to accept although another one signed in before. */
  readonly acceptUser?: string;
  /** False with --no-wait: does not wait for the list of accounts. */
  readonly wait: boolean;
  readonly json?: boolean;
}

/** The service is for the first run, which may install it. */
export type LoginContext = DaemonAccess &
  Dialog &
  SecretDialog &
  Output &
  Places &
  ServiceAccess &
  Pick<CliContext, 'checkSettings' | 'clock' | 'findBrowserPlace' | 'listenForKeys' | 'openBrowser'>;

/** How the sign-in to one session ended. */
export interface LoginOutcome {
  readonly session: string;
  readonly state: SignInDocument['state'];
  /** How the user signed in, and why in this way; absent if nobody had to. */
  readonly flow?: SignInDocument['flow'];
  readonly flowReason?: SignInDocument['flowReason'];
  readonly setup: SignInSetupDocument | null;
  /** Who signed in; absent if nobody has checked. */
  readonly user?: string;
}
