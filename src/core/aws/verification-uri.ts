// Decides which page of a sign-in may be opened in a browser: AWS's in the session's partition, or the emulator's.
import { isLoopbackUrl } from '../loopback.ts';
import type { SsoSession } from '../model.ts';
import { isAwsEndpoint } from './aws-endpoint.ts';
import { findPartition, findPortal, hasApprovalPage, serviceHosts } from './partitions.ts';

/** Where a sign-in is approved. Without a code it is the authorization code flow, whose page is `/authorize` of SSO OIDC. */
export interface SignInPage {
  readonly userCode?: string | undefined;
  readonly verificationUri: string;
}

type Session = Pick<SsoSession, 'startUrl' | 'region'>;

/**
 * The page to open for a sign-in; undefined if it may not be opened, and is only shown. Never contains the user code:
 * every user of the machine can read a browser's arguments, and could approve the code as themselves. Returned in the
 * normalized form that was checked, so that no other URL parser finds another host or an argument in it.
 */
export function findPageToOpen(
  { userCode, verificationUri }: SignInPage,
  session: Session,
  oidcEndpoint: string | undefined,
): string | undefined {
  const page = parseUrl(verificationUri);
  if (page === undefined || page.username !== '' || page.password !== '') return undefined;
  if (userCode !== undefined && page.href.includes(userCode)) return undefined;
  const mayOpen =
    isEmulator(page, oidcEndpoint) ||
    (userCode === undefined ? isAuthorizePage(page, session, oidcEndpoint) : isVerificationPage(page, session));
  return mayOpen ? page.href : undefined;
}

/**
 * Where a code is entered: a host of the table, or the start URL's, which the user has chosen. Not `/authorize`: an
 * endpoint that is not AWS's could name AWS's own, with a client and a redirect of its owner.
 */
function isVerificationPage(page: URL, session: Session): boolean {
  if (page.protocol !== 'https:') return false;
  const partition = findPartition(session.region.toLowerCase());
  if (page.port === '' && partition !== undefined && hasApprovalPage(partition, page.hostname)) return true;
  const start = parseUrl(session.startUrl);
  if (start === undefined || start.origin !== page.origin) return false;
  const portal = findPortal(start.hostname);
  return portal === undefined || portal.partition === partition;
}

/** `/authorize` of SSO OIDC in the session's region, or of the endpoint in its place if that is AWS's. */
function isAuthorizePage(page: URL, { region }: Session, oidcEndpoint: string | undefined): boolean {
  if (page.pathname !== '/authorize') return false;
  if (oidcEndpoint !== undefined) {
    return isAwsEndpoint(oidcEndpoint) && page.origin === parseUrl(oidcEndpoint)?.origin;
  }
  const wanted = region.toLowerCase();
  const partition = findPartition(wanted);
  if (partition === undefined || page.protocol !== 'https:' || page.port !== '') return false;
  return serviceHosts(partition, 'oidc', wanted).includes(page.hostname);
}

/** True if the endpoint is on this machine (the emulator), and the page on the endpoint. */
function isEmulator(page: URL, endpoint: string | undefined): boolean {
  return endpoint !== undefined && isLoopbackUrl(endpoint) && new URL(endpoint).origin === page.origin;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
