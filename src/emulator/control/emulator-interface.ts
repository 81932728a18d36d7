// The in-process interface of an emulator; the control API offers the same over HTTP.
import type { Clock } from '../../core/clock.ts';
import type { AuthorizationError, PendingAuthorization } from '../sessions/authorization-codes.ts';
import type { PendingDeviceAuthorization } from '../sessions/device-authorizations.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryDocument } from '../directory/directory-model.ts';
import type { Fault } from './faults.ts';
import type { Knobs } from '../sessions/knobs.ts';
import type { Operation } from '../http/operations.ts';
import type { RandomBytes } from '../http/random.ts';
import type { CallCounts, RecordedRequest } from '../http/request-log.ts';
import type { EmulatorEnvironment } from '../pages/shell-lines.ts';

export interface EmulatorOptions extends Partial<Knobs> {
  /** A small team by default. */
  readonly directory?: DirectoryDocument;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  /** Host names and addresses that callers use besides the one it listens on; the first one is in its URL if it listens on all. */
  readonly names?: readonly string[];
  /** For callers of the control API that cannot read what the emulator prints; a new one by default. */
  readonly controlToken?: string;
  /** The user whose programs may use the control API without its token; this process's user by default. */
  readonly userId?: number;
}

/** PEM. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
  /** The path of the authority's certificate, for clients. */
  readonly caFile?: string;
}

export interface Emulator {
  /**
   * Starts to listen; port 0 is any free port. After a close it can listen again and keeps its state.
   * Rejects with Node's own error, for example EADDRINUSE.
   */
  listen(port?: number, host?: string, tls?: ServerTls): Promise<{ url: string; port: number }>;
  /** Closes all connections immediately. */
  close(): Promise<void>;
  /** Its address; empty while it does not listen. */
  readonly url: string;
  /** The variables that point AWS clients here, and make them trust the CA file. */
  environment(): EmulatorEnvironment;
  /** The bearer token with which any user can use the control API. */
  readonly controlToken: string;

  /** Back to how it started: directory, knobs, time, and nothing else; address and token stay. */
  reset(): void;
  /** The emulator's time, by which everything expires; role credentials and answers are dated by it. */
  nowMs(): number;
  advancedMs(): number;
  /** Sets the time forward. @throws UsageError invalid-request: negative, or more than ten years in total */
  advance(seconds: number): void;

  readonly directory: Directory;
  readonly knobs: Knobs;
  /** @throws UsageError invalid-request: not a knob, or not a value for it */
  turnKnobs(changes: Partial<Knobs>): void;

  /** @throws UsageError invalid-request: not a fault */
  addFault(fault: Fault): void;
  faults(): readonly Fault[];
  clearFaults(): void;

  pendingDeviceAuthorizations(): readonly PendingDeviceAuthorization[];
  /** Approves as this user, or as the first in the directory. @throws UsageError invalid-request: no such code or user */
  approve(userCode: string, userName?: string): void;
  /** @throws UsageError invalid-request: no such code */
  deny(userCode: string): void;

  /** Browsers on the page of the authorization code that wait for Allow or Deny. */
  pendingAuthorizations(): readonly PendingAuthorization[];
  /**
   * Allows as this user, or as the first in the directory. Returns the redirect URI with code and state, which the
   * browser would open. @throws UsageError invalid-request: no such request or user
   */
  approveAuthorization(requestId: string, userName?: string): string;
  /** The redirect URI with an error, `access_denied` by default. @throws UsageError invalid-request: no such request */
  denyAuthorization(requestId: string, error?: AuthorizationError): string;

  /** Ends sessions of one user or of all; returns how many. The next two do the same for tokens. */
  revokeSessions(userName?: string): number;
  expireAccessTokens(userName?: string): number;
  killRefreshTokens(userName?: string): number;
  /** Every client has to register again. */
  expireRegistrations(): void;

  calls(): CallCounts;
  /** The number of calls of an operation; `detail` restricts it to a grant, an account or `ACCOUNT/ROLE`. */
  countCalls(operation: Operation, detail?: string): number;
  requests(): readonly RecordedRequest[];
  /** Clears the recorded calls and requests. */
  resetCalls(): void;
}
