// Describes the problems of a service identically for systemd and launchd.
import { UsageError } from '../core/errors.ts';
import type { ServiceProblem } from './service.ts';

/** @throws UsageError usage: the service would listen at another socket than the clients of this shell use */
export function refuseOwnSocket(environment: Readonly<Record<string, string | undefined>>): void {
  if ((environment['ROLECALL_SOCKET'] ?? '') === '') return;
  throw new UsageError('usage', 'ROLECALL_SOCKET is set in this shell, but the service listens at its own socket.', {
    hint: 'unset ROLECALL_SOCKET',
  });
}

export function describeStaleness(staleness: string): ServiceProblem {
  return {
    code: 'service-broken',
    message: `The service is out of date: ${staleness}.`,
    hint: 'rolecall service install',
  };
}

export const STOPPED = {
  code: 'service-stopped',
  message: 'The service is stopped; the first command that needs the daemon starts it.',
  hint: 'rolecall daemon start',
} as const satisfies ServiceProblem;
