// Tells AWS's own endpoints from others.
import { isLoopbackHost } from '../loopback.ts';

/** The DNS suffixes of all partitions, then those for dual-stack; as of 2026-11, from the SDK's partitions. */
const SUFFIXES = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'c2s.ic.gov',
  'sc2s.sgov.gov',
  'cloud.adc-e.uk',
  'csp.hci.ic.gov',
  'api.aws',
  'api.amazonwebservices.com.cn',
  'api.amazonwebservices.eu',
  'api.aws.ic.gov',
  'api.aws.scloud',
  'api.cloud-aws.adc-e.uk',
  'api.aws.hci.ic.gov',
] as const;

const SERVICE_AND_REGION = /^(?:oidc|portal\.sso|sts)(?:-fips)?\.[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}\./;

/**
 * True for https on the hosts of SSO OIDC, the portal and STS, in any region, FIPS or not. Checks the service too,
 * because AWS's customers have hosts under the same suffixes (`abc.execute-api.us-east-1.amazonaws.com`).
 */
export function isAwsEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port, username } = new URL(url);
  if (protocol !== 'https:' || port !== '' || username !== '') return false;
  const [prefix = ''] = SERVICE_AND_REGION.exec(hostname) ?? [];
  return prefix !== '' && SUFFIXES.some((suffix) => hostname === prefix + suffix);
}

/** The first URL that is neither AWS's nor on this machine: its owner could use what the user approves. */
export function findRelay(urls: readonly (string | undefined)[]): string | undefined {
  return urls.find(
    (url) => url !== undefined && !isAwsEndpoint(url) && !(URL.canParse(url) && isLoopbackHost(new URL(url).hostname)),
  );
}
