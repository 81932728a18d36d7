// POST /v1/profiles/adopt: switches hand-written profiles and those of other tools to rolecall, or undoes that.
import type { Adoption } from './adoption.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Changes } from '../process/changes.ts';
import type { Handlers } from '../http/surface.ts';

export function createAdoptionHandlers(deps: {
  readonly adoption: Adoption;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
}): Pick<Handlers, 'adoptProfiles'> {
  const { adoption } = deps;
  return {
    async adoptProfiles({ body }, { surface }) {
      const dryRun = body.dryRun === true;
      const outcome = await (body.undo === true
        ? adoption.undo(dryRun)
        : adoption.adopt(body.from, dryRun, body.session));
      if (outcome.written) {
        deps.audit.record({ event: 'profiles-written', surface });
        deps.changes.announce();
      }
      return outcome;
    },
  };
}
