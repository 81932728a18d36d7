// The hosts of AWS's own endpoints, and which of them a start URL needs.
import { findPartition, findPortal, serviceHosts } from './partitions.ts';

/**
 * The host that the AWS SDK uses for the service; undefined for anything that is not a region. Only shown: requests
 * leave the choice to the SDK.
 */
export function findServiceHost(
  service: 'oidc' | 'portal.sso' | 'sts',
  region: string,
  { useFips = false, useDualstack = false }: { readonly useFips?: boolean; readonly useDualstack?: boolean } = {},
): string | undefined {
  const partition = findPartition(region);
  if (partition === undefined) return undefined;
  const [plain, dualstack, fips, fipsDualstack] = serviceHosts(partition, service, region);
  if (!useFips) return useDualstack ? dualstack : plain;
  if (useDualstack) return fipsDualstack;
  // As of 2026-11 the plain hosts of GovCloud are its FIPS endpoints.
  return partition.name === 'aws-us-gov' ? plain : fips;
}

/**
 * True for a dual-stack access portal, such as https://ssoins-1234567890abcdef.portal.us-east-1.app.aws. The dual-stack
 * endpoints belong to it: SSO OIDC's other ones answer with the page of the IPv4 portal, on which its users cannot sign
 * in (as of 2026-07).
 * @see https://github.com/aws/aws-cli/issues/10507
 */
export function isDualstackPortal(startUrl: string): boolean {
  const host = hostOf(startUrl);
  return host.split('.')[1] === 'portal' && findPortal(host)?.region !== undefined;
}

/** The region in the host name of an access portal of AWS; most have none. */
export function findPortalRegion(startUrl: string): string | undefined {
  return findPortal(hostOf(startUrl))?.region;
}

function hostOf(startUrl: string): string {
  return URL.canParse(startUrl) ? new URL(startUrl).hostname : '';
}
