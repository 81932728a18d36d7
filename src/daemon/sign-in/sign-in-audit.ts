// Records sign-ins, their failures and sign-outs in the audit log.
import type { SsoSession } from '../../core/model.ts';
import type { Broker } from '../../sso/broker.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Log } from '../process/log.ts';
import type { SessionEvents } from './session-events.ts';

export function auditSignIns(deps: {
  readonly broker: Pick<Broker, 'signInState'>;
  readonly events: Pick<SessionEvents, 'subscribe'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly log: Log;
}): void {
  const { audit, broker } = deps;

  function recordOutcome(event: 'sign-in-approved' | 'sign-in-denied' | 'sign-in-expired', session: SsoSession): void {
    const state = broker.signInState(session);
    const flow = state === undefined || state.state === 'live' ? undefined : state.flow;
    audit.record({ event, sessionName: session.sessionName, flow, surface: 'daemon' });
  }

  deps.events.subscribe({
    signedIn(session) {
      deps.log('info', `signed in to ${session.sessionName}`);
      recordOutcome('sign-in-approved', session);
    },
    denied: (session) => recordOutcome('sign-in-denied', session),
    expired: (session) => recordOutcome('sign-in-expired', session),
    signedOut: ({ sessionName }, surface) => audit.record({ event: 'signed-out', sessionName, surface }),
  });
}
