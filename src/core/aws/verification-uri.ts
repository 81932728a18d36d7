// Decides which verification URI may be opened in a browser: AWS's own, the start URL's host, the emulator on loopback; never with the code.
import { isLoopbackHost } from '../loopback.ts';

/** As of 2026-11, the host suffixes of AWS's access portals and sign-in pages. */
const AWS_HOST_SUFFIXES = [
  '.app.aws',
  '.signin.aws',
  '.awsapps.com',
  '.awsapps.cn',
  '.portal.amazonaws.com',
  '.portal.amazonaws.com.cn',
  '.portal.amazonaws.eu',
  '.app.amazonwebservices.com.cn',
  '.api.amazonwebservices.eu',
] as const;
const AWS_HOSTS = [
  'signin.aws',
  'identitycenter.amazonaws.com',
  'identitycenter.amazonaws.com.cn',
  'identitycenter.amazonaws.eu',
  'identitycenter.us-gov.amazonaws.com',
] as const;
const DEVICE_HOST = /^device\.sso\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/**
 * True if `target` may be opened: https on an AWS-owned host or on the start URL's host, or, with an OIDC endpoint on
 * loopback (the emulator), exactly that endpoint's origin. Never true for a URI with user info.
 */
function isTrustedVerificationUri(target: URL, startUrl: string, oidcEndpoint: string | undefined): boolean {
  if (target.username !== '' || target.password !== '') return false;
  const endpoint = oidcEndpoint === undefined ? undefined : parseUrl(oidcEndpoint);
  if (endpoint !== undefined && isLoopbackHost(endpoint.hostname) && target.origin === endpoint.origin) return true;
  if (target.protocol !== 'https:') return false;
  const host = target.hostname;
  if (isAwsHost(host) || DEVICE_HOST.test(host)) return true;
  const start = parseUrl(startUrl);
  return start !== undefined && start.protocol === 'https:' && start.host === target.host;
}

/** True for the hosts of AWS's access portals and their sign-in pages. */
export function isAwsHost(host: string): boolean {
  return AWS_HOSTS.some((known) => known === host) || AWS_HOST_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

/**
 * The page to open for a sign-in; undefined if it may not be opened. Never contains the code: every user of the machine
 * can read a browser's arguments, and could approve the code as themselves. Returned in the normalized form that was
 * checked, so that no other URL parser finds another host or an argument in it.
 */
export function findPageToOpen(
  { userCode, verificationUri }: { readonly userCode: string; readonly verificationUri: string },
  startUrl: string,
  oidcEndpoint: string | undefined,
): string | undefined {
  const page = parseUrl(verificationUri);
  if (page === undefined || page.href.includes(userCode)) return undefined;
  return isTrustedVerificationUri(page, startUrl, oidcEndpoint) ? page.href : undefined;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
