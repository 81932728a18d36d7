// What an emulator can do for the process that holds it; the control API offers the same over HTTP.
import type { Clock } from '../../core/clock.ts';
import type { PendingDeviceAuthorization } from '../sessions/device-authorizations.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryDocument } from '../directory/directory-document.ts';
import type { Fault } from './faults.ts';
import type { Knobs } from '../sessions/knobs.ts';
import type { Operation } from '../http/operations.ts';
import type { RandomBytes } from '../http/random.ts';
import type { CallCounts, RecordedRequest } from '../http/request-log.ts';
import type { EndpointEnvironment } from '../pages/shell-lines.ts';

export interface EmulatorOptions extends Partial<Knobs> {
  /** One team's story when absent. */
  readonly directory?: DirectoryDocument;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  /** Whose programs may use the control API without its token: our own user's when absent. */
  readonly userId?: number;
}

export interface Emulator {
  /**
   * Where it answers, from now on. Port 0 is any free one. It can listen again after a close, with all it knows.
   * Rejects with Node's own error, as in EADDRINUSE.
   */
  listen(port?: number, host?: string, tls?: { key: string; cert: string }): Promise<{ url: string; port: number }>;
  /** Ends every connection at once. */
  close(): Promise<void>;
  /** Where it answers; empty while it does not. */
  readonly url: string;
  /** The three endpoint variables that point AWS clients here. */
  environment(): EndpointEnvironment;
  /** What the control API takes as `Authorization: Bearer …` from any user. */
  readonly controlToken: string;

  readonly directory: Directory;
  readonly knobs: Knobs;
  /** @throws UsageError invalid-request: not a knob, or not a value for it */
  turnKnobs(changes: Partial<Knobs>): void;

  /** @throws UsageError invalid-request: not a fault */
  addFault(fault: Fault): void;
  faults(): readonly Fault[];
  clearFaults(): void;

  pendingDeviceAuthorizations(): readonly PendingDeviceAuthorization[];
  /** Says Allow as this user, or as the first of the directory. @throws UsageError invalid-request: no such code or user */
  approve(userCode: string, userName?: string): void;
  /** @throws UsageError invalid-request: no such code */
  deny(userCode: string): void;

  /** Ends sessions, of one user or all; returns how many. The same goes for the two below. */
  revokeSessions(userName?: string): number;
  expireAccessTokens(userName?: string): number;
  killRefreshTokens(userName?: string): number;
  /** Every client has to register again. */
  expireRegistrations(): void;

  calls(): CallCounts;
  /** Calls of one operation; `detail` narrows to a grant, an account or `ACCOUNT/ROLE`. */
  countCalls(operation: Operation, detail?: string): number;
  requests(): readonly RecordedRequest[];
  /** Forgets calls and requests. */
  resetCalls(): void;
}
