// The interface of the two ways to sign in, behind which the state machine of a sign-in knows neither.
import type { ErrorBody } from '../../core/errors.ts';
import type { ClientRegistration, IssuedToken, SsoSession } from '../../core/model.ts';
import type { SignInOutcome } from '../ports.ts';

/** What the user needs for one sign-in. */
export interface FlowPrompt {
  /** Only for a device code. */
  readonly userCode?: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
  readonly expiresAtMs: number;
  /** AWS's start URL, if the session's is a company's own that leads there. */
  readonly leadsTo?: string;
}

/** `failed`: no token can be had any more, with the reason as `error`. */
export type FlowResult =
  | { readonly result: 'approved'; readonly registration: ClientRegistration; readonly issued: IssuedToken }
  | { readonly result: 'denied' }
  | { readonly result: 'expired' }
  | { readonly result: 'aborted' }
  | { readonly result: 'failed'; readonly error: ErrorBody };

/** A sign-in that waits for the user. */
export interface PendingFlow {
  readonly prompt: FlowPrompt;
  /** Whether the user is too late. Also answers after a sleep of the machine, in which no timer ran. */
  isExpired(): boolean;
  /** Waits for the user and the token, or the abort of `signal`; never rejects. Called once. */
  finish(signal: AbortSignal): Promise<FlowResult>;
  /** The sign-in has this outcome, which need not be that of `finish`: it may have been cancelled. */
  end(outcome: SignInOutcome, error?: ErrorBody): void;
}

export interface Flow {
  /** @throws faults of Identity Center; UnavailableError secret-store-…, no-callback-port */
  begin(session: SsoSession): Promise<PendingFlow>;
}
