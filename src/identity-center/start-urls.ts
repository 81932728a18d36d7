// Start URLs: which portal a session's own leads to, and the region of that portal.
import { findPartitionMismatch, findPortal, isCompanyStartUrl } from '../core/aws/partitions.ts';
import { isLoopbackUrl } from '../core/loopback.ts';
import type { EndpointsOf, SsoSession } from '../core/model.ts';
import { IdentityCenterFault, type IdentityCenter } from '../sso/ports.ts';
import type { AwsClients } from './aws-clients.ts';

export interface StartUrls extends Pick<IdentityCenter, 'resolveStartUrl' | 'findHomeRegion'> {
  /** As `resolveStartUrl`, for a start URL without a session. @throws IdentityCenterFault */
  followStartUrl(startUrl: string): Promise<string>;
  /** The region named on AWS's start page; undefined if it is unavailable for any reason. */
  findRegion(startUrl: string): Promise<string | undefined>;
}

/** The region only improves an error that the user is waiting for. */
const HOME_REGION_TIMEOUT_MS = 5000;

export function createStartUrls(deps: {
  readonly endpointsOf: EndpointsOf;
  readonly loadClients: () => Promise<AwsClients>;
  readonly requestTimeoutMs: number;
}): StartUrls {
  const { loadClients, requestTimeoutMs } = deps;

  /** Nothing answers at the start URL of an emulator. */
  const isEmulated = (session: SsoSession) => isLoopbackUrl(deps.endpointsOf(session).ssoOidc);

  /** Where companies' start URLs led last, for a sign-in while the company's page is down. */
  const followed = new Map<string, string>();

  async function follow(startUrl: string, region: string | undefined): Promise<string> {
    const clients = await loadClients();
    const key = `${startUrl} ${region}`;
    try {
      const target = await clients.followStartUrl(new URL(startUrl), region, requestTimeoutMs);
      followed.set(key, target);
      return target;
    } catch (fault) {
      const known = followed.get(key);
      const isDown = fault instanceof IdentityCenterFault && fault.kind === 'unreachable';
      if (known !== undefined && isDown) return known;
      throw fault;
    }
  }

  return {
    async resolveStartUrl(session) {
      const { startUrl } = session;
      const region = session.region.toLowerCase();
      if (isEmulated(session)) return startUrl;
      // Without a code AWS would only say so in the browser.
      if (findPartitionMismatch(startUrl, region) !== undefined) {
        throw new IdentityCenterFault('start-url-refused', 'The start URL is in another partition than the region.');
      }
      return isCompanyStartUrl(startUrl, region) ? follow(startUrl, region) : startUrl;
    },

    async findHomeRegion(session) {
      if (!URL.canParse(session.startUrl)) return undefined;
      const startUrl = new URL(session.startUrl);
      const inName = findPortal(startUrl.hostname)?.region;
      if (inName !== undefined || isEmulated(session)) return inName;
      return (await loadClients()).findRegion(startUrl, Math.min(requestTimeoutMs, HOME_REGION_TIMEOUT_MS));
    },

    async followStartUrl(startUrl) {
      const unnamed = { sessionName: '', startUrl, region: '', registrationScopes: [] };
      return isEmulated(unnamed) || !isCompanyStartUrl(startUrl, undefined) ? startUrl : follow(startUrl, undefined);
    },

    async findRegion(startUrl) {
      const clients = await loadClients();
      return clients.findRegion(new URL(startUrl), requestTimeoutMs);
    },
  };
}
