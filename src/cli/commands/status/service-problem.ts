// The one service problem that `status` shows: it has to be installed again.
import type { InstalledService } from '../../../platform/service/installed-service.ts';
import { findStaleness } from '../../../platform/service/service-staleness.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { loadVersion } from '../../../local-api/version.ts';
import { describeStaleness } from '../../../service/service-problems.ts';

/** Finds a service of an older or another installation, without asking the service manager. */
export function findServiceProblem(installed: InstalledService): StatusDocument['problems'][number] | undefined {
  const staleness = findStaleness(installed, loadVersion());
  return staleness === undefined ? undefined : { ...describeStaleness(staleness) };
}
