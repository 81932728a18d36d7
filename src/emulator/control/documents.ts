// What the control API shows of the emulator's state: times as text, lists in an object, so that fields can be added.
import type { RecordedRequest } from '../http/request-log.ts';
import type { PendingAuthorization } from '../sessions/authorization-codes.ts';
import type { PendingDeviceAuthorization } from '../sessions/device-authorizations.ts';
import type { Emulator } from './emulator-interface.ts';

export function describeTime(emulator: Emulator) {
  return { now: formatTime(emulator.nowMs()), advancedSeconds: emulator.advancedMs() / 1000 };
}

export function describeStatus(emulator: Emulator) {
  const { url, directory, knobs } = emulator;
  return {
    url,
    startUrl: directory.startUrl,
    region: directory.region,
    environment: emulator.environment(),
    ...describeTime(emulator),
    deviceAuthorizations: emulator.pendingDeviceAuthorizations().map(describeDeviceAuthorization),
    authorizations: emulator.pendingAuthorizations().map(describeAuthorization),
    faults: emulator.faults(),
    knobs,
    calls: emulator.calls(),
  };
}

export function describeDeviceAuthorization({ expiresAtMs, ...rest }: PendingDeviceAuthorization) {
  return { ...rest, expiresAt: formatTime(expiresAtMs) };
}

export function describeAuthorization({ expiresAtMs, ...rest }: PendingAuthorization) {
  return { ...rest, expiresAt: formatTime(expiresAtMs) };
}

export function describeRequest({ atMs, ...rest }: RecordedRequest) {
  return { at: formatTime(atMs), ...rest };
}

function formatTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
