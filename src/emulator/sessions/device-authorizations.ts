// Device authorizations, from the user code to the token.
import type { Clock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { findAutoApprover, requireApprover } from './approver.ts';
import type { KnobStore } from './knobs.ts';
import { type RandomBytes, randomOpaque, randomUserCode } from '../http/random.ts';

/** The public part of an authorization: everything but the device code. */
export interface PendingDeviceAuthorization {
  readonly userCode: string;
  readonly clientName: string;
  readonly expiresAtMs: number;
}

export type PollOutcome =
  | { readonly state: 'approved'; readonly userName: string }
  | { readonly state: 'pending' | 'too-fast' | 'denied' | 'expired' | 'used' | 'unknown' };

interface DeviceAuthorizationRecord extends PendingDeviceAuthorization {
  readonly clientId: string;
  readonly deviceCode: string;
  readonly request: string;
  readonly intervalMs: number;
  state: 'pending' | 'approved' | 'denied' | 'used';
  userName?: string;
  lastPollAtMs?: number;
  earlyPolls: number;
}

export interface DeviceAuthorizations {
  start(client: { clientId: string; clientName: string }): {
    readonly deviceCode: string;
    readonly userCode: string;
    /** Replaces the user code in a URL that must not show it. */
    readonly request: string;
    readonly expiresInSeconds: number;
    readonly intervalSeconds: number;
  };
  /** One poll; `approved` is returned once and uses up the code. */
  poll(deviceCode: string, clientId: string): PollOutcome;
  pending(): readonly PendingDeviceAuthorization[];
  /** Accepts lower case, spaces and a missing dash. */
  findPending(userCode: string): PendingDeviceAuthorization | undefined;
  findPendingByRequest(request: string): PendingDeviceAuthorization | undefined;
  /** @throws UsageError invalid-request: no pending code, or no such user */
  approve(userCode: string, userName?: string): void;
  /** @throws UsageError invalid-request: no pending code */
  deny(userCode: string): void;
}

/** Tolerance for clients that wake up slightly before the interval has passed. */
const POLL_TOLERANCE_MS = 50;

export function createDeviceAuthorizations(deps: {
  clock: Clock;
  random: RandomBytes;
  knobs: KnobStore;
  directory: Directory;
}): DeviceAuthorizations {
  const byDeviceCode = new Map<string, DeviceAuthorizationRecord>();
  const isPending = (record: DeviceAuthorizationRecord) =>
    record.state === 'pending' && deps.clock.nowMs() < record.expiresAtMs;
  const find = (isWanted: (record: DeviceAuthorizationRecord) => boolean) =>
    [...byDeviceCode.values()].find((record) => isWanted(record) && isPending(record));
  const findByUserCode = (userCode: string) => {
    const letters = lettersOf(userCode);
    return find((record) => lettersOf(record.userCode) === letters);
  };
  const requirePending = (userCode: string) => {
    const record = findByUserCode(userCode);
    if (record === undefined) {
      throw new UsageError('invalid-request', `No pending sign-in has the code ${JSON.stringify(userCode)}.`);
    }
    return record;
  };
  const approveRecord = (record: DeviceAuthorizationRecord, userName: string) => {
    record.state = 'approved';
    record.userName = userName;
  };

  return {
    start({ clientId, clientName }) {
      const { deviceCodeLifetimeSeconds, pollIntervalSeconds } = deps.knobs.current;
      const record: DeviceAuthorizationRecord = {
        clientId,
        clientName,
        deviceCode: randomOpaque(deps.random, 60),
        userCode: randomUserCode(deps.random),
        request: randomOpaque(deps.random, 24),
        intervalMs: pollIntervalSeconds * 1000,
        expiresAtMs: deps.clock.nowMs() + deviceCodeLifetimeSeconds * 1000,
        state: 'pending',
        earlyPolls: 0,
      };
      // Without such a user, the code stays pending.
      const approver = findAutoApprover(deps.directory, deps.knobs.current);
      if (approver !== undefined) approveRecord(record, approver);
      byDeviceCode.set(record.deviceCode, record);
      return {
        deviceCode: record.deviceCode,
        userCode: record.userCode,
        request: record.request,
        expiresInSeconds: deviceCodeLifetimeSeconds,
        intervalSeconds: pollIntervalSeconds,
      };
    },
    poll(deviceCode, clientId) {
      const record = byDeviceCode.get(deviceCode);
      if (record === undefined || record.clientId !== clientId) return { state: 'unknown' };
      if (record.state === 'used' || record.state === 'denied') return { state: record.state };
      const nowMs = deps.clock.nowMs();
      if (nowMs >= record.expiresAtMs) return { state: 'expired' };
      if (record.state === 'approved' && record.userName !== undefined) {
        record.state = 'used';
        return { state: 'approved', userName: record.userName };
      }
      const earliestMs = (record.lastPollAtMs ?? -Infinity) + record.intervalMs - POLL_TOLERANCE_MS;
      record.lastPollAtMs = nowMs;
      if (nowMs < earliestMs) record.earlyPolls += 1;
      const isTooFast = nowMs < earliestMs && record.earlyPolls > deps.knobs.current.forgivenEarlyPolls;
      return { state: isTooFast ? 'too-fast' : 'pending' };
    },
    pending: () => [...byDeviceCode.values()].filter(isPending).map(describe),
    findPending(userCode) {
      const record = findByUserCode(userCode);
      return record && describe(record);
    },
    findPendingByRequest(request) {
      const record = find((candidate) => candidate.request === request);
      return record && describe(record);
    },
    approve(userCode, userName) {
      approveRecord(requirePending(userCode), requireApprover(deps.directory, userName));
    },
    deny(userCode) {
      requirePending(userCode).state = 'denied';
    },
  };
}

function describe({ userCode, clientName, expiresAtMs }: DeviceAuthorizationRecord): PendingDeviceAuthorization {
  return { userCode, clientName, expiresAtMs };
}

function lettersOf(userCode: string): string {
  return userCode.toUpperCase().replace(/[^A-Z0-9]/g, '');
}
