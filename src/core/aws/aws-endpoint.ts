// Tells AWS's own endpoints from others.
import { isLoopbackUrl } from '../loopback.ts';
import { findPartition, serviceHosts } from './partitions.ts';

const SERVICE_AND_REGION = /^(oidc|portal\.sso|sts)(?:-fips)?\.([a-z0-9-]+)\./;

/**
 * True for https on the hosts of SSO OIDC, the portal and STS, in any region, FIPS or not. Checks the service too,
 * because AWS's customers have hosts under the same suffixes (`abc.execute-api.us-east-1.amazonaws.com`).
 */
export function isAwsEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port, username } = new URL(url);
  if (protocol !== 'https:' || port !== '' || username !== '') return false;
  const [, service = '', region = ''] = SERVICE_AND_REGION.exec(hostname) ?? [];
  const partition = findPartition(region);
  return partition !== undefined && serviceHosts(partition, service, region).includes(hostname);
}

/** The first URL that is neither AWS's nor on this machine: its owner could use what the user approves. */
export function findRelay(urls: readonly (string | undefined)[]): string | undefined {
  return urls.find((url) => url !== undefined && !isAwsEndpoint(url) && !isLoopbackUrl(url));
}
