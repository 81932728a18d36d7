// The one thing that `status` says of the service: that it has to be installed again.
import type { StatusDocument } from '../local-api/schemas.ts';
import { loadVersion } from '../local-api/version.ts';
import type { CliContext } from './context.ts';

/** The status with a problem for a service of an older or another installation; asks no service manager. */
export async function withServiceProblem(status: StatusDocument, context: CliContext): Promise<StatusDocument> {
  const installed = await context.findInstalledService();
  if (installed === undefined) return status;
  const { findStaleness } = await import('../local-api/installed-service.ts');
  const staleness = findStaleness(installed, loadVersion());
  if (staleness === undefined) return status;
  const { describeStaleness } = await import('../service/service-problems.ts');
  return { ...status, problems: [...status.problems, { code: 'service-broken', ...describeStaleness(staleness) }] };
}
