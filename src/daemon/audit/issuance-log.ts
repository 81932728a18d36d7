// Which roles' keys were handed out, for the audit log: a line a role, an hour and a kind of caller, however often it asks.
import type { Clock } from '../../core/clock.ts';
import type { Role } from '../../core/model.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { AuditLog } from './audit-log.ts';

export interface IssuanceLog {
  /** Costs next to nothing when it is known: it is called for each answer with keys in it. */
  note(role: Role, surface: SurfaceName, processId?: number): void;
}

const HOUR_MS = 3_600_000;
/** From so many on, what is older than an hour is forgotten before anything is added. */
const MANY = 1000;

export function createIssuanceLog(deps: {
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): IssuanceLog {
  const notedAtMs = new Map<string, number>();

  function isRecent(atMs: number | undefined, nowMs: number): boolean {
    // A clock that was set back tells nothing.
    return atMs !== undefined && Math.abs(nowMs - atMs) < HOUR_MS;
  }

  return {
    note(role, surface, processId) {
      const nowMs = deps.clock.nowMs();
      const key = `${surface}\n${role.accountId}\n${role.permissionSet}\n${role.sessionName}`;
      if (isRecent(notedAtMs.get(key), nowMs)) return;
      if (notedAtMs.size >= MANY) {
        for (const [old, atMs] of notedAtMs) if (!isRecent(atMs, nowMs)) notedAtMs.delete(old);
      }
      notedAtMs.set(key, nowMs);
      deps.audit.record({ event: 'credentials-issued', role, surface, processId });
    },
  };
}
