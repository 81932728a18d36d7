// The addresses of the AWS console: its hosts by partition, the access portal's shortcut link, a federated sign-in.
import { isLoopbackHost } from '../loopback.ts';
import type { Secret } from '../secret.ts';

export interface Partition {
  readonly name: string;
  /** What follows `console.` and `signin.` in the names of its hosts. */
  readonly domain: string;
  /** Whose sign-in host has no region in its name. */
  readonly homeRegion: string;
}

interface PartitionRow extends Partition {
  readonly prefix: string;
}

/** As of 2026-11; AWS's isolated partitions publish no such names, so their regions have no row. */
const PARTITIONS: readonly PartitionRow[] = [
  { name: 'aws-cn', prefix: 'cn-', domain: 'amazonaws.cn', homeRegion: 'cn-north-1' },
  { name: 'aws-us-gov', prefix: 'us-gov-', domain: 'amazonaws-us-gov.com', homeRegion: 'us-gov-west-1' },
  { name: 'aws-eusc', prefix: 'eusc-', domain: 'amazonaws-eusc.eu', homeRegion: 'eusc-de-east-1' },
  { name: 'aws', prefix: '', domain: 'aws.amazon.com', homeRegion: 'us-east-1' },
];
const REGION = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;
const ISOLATED = /^[a-z]{2}-iso/;

/** The partition that a region is in; undefined for what is no region's name, and for the isolated ones. */
export function findPartition(region: string): Partition | undefined {
  if (!REGION.test(region) || ISOLATED.test(region)) return undefined;
  const row = PARTITIONS.find(({ prefix }) => region.startsWith(prefix));
  return row && { name: row.name, domain: row.domain, homeRegion: row.homeRegion };
}

/** A page of the console: of a service (as its path names it), else the console's home. */
export function formatConsolePage(partition: Partition, region: string, service = 'console'): string {
  return `https://${region}.console.${partition.domain}/${service}/home?region=${region}`;
}

/**
 * The access portal's shortcut link: it has no key and no token in it, and asks for a sign-in where none lives.
 * The page it leads to is the administrator's choice when `destination` is absent.
 * @see https://docs.aws.amazon.com/singlesignon/latest/userguide/createshortcutlink.html
 */
export function formatShortcutLink(
  portal: URL,
  role: { readonly accountId: string; readonly permissionSet: string },
  destination?: string,
): string {
  const wish = [
    `account_id=${role.accountId}`,
    `role_name=${encodeURIComponent(role.permissionSet)}`,
    ...(destination === undefined ? [] : [`destination=${encodeURIComponent(destination)}`]),
  ];
  return `${portal.origin}${portal.pathname.replace(/\/+$/, '')}/#/console?${wish.join('&')}`;
}

/**
 * Where the access portal of a start URL is; undefined when that is no https URL.
 * With the portal's endpoint on this machine (the emulator) it is there, for nothing answers at the start URL then.
 */
export function findAccessPortal(startUrl: string, ssoEndpoint: string | undefined): URL | undefined {
  const local = localOrigin(ssoEndpoint);
  if (local !== undefined) return new URL('/start', local);
  const portal = URL.canParse(startUrl) ? new URL(startUrl) : undefined;
  return portal?.protocol === 'https:' ? portal : undefined;
}

/**
 * The federation endpoint for the keys of a session in `region`: the one that the access portal itself uses.
 * Keys of an emulator go back to the emulator: they are nothing to AWS.
 */
export function findFederationEndpoint(partition: Partition, region: string, ssoEndpoint: string | undefined): URL {
  const local = localOrigin(ssoEndpoint);
  if (local !== undefined) return new URL('/federation', local);
  const host = `signin.${partition.domain}`;
  return new URL(`https://${region === partition.homeRegion ? host : `${region}.${host}`}/federation`);
}

/**
 * A URL that signs in whoever opens it within 15 minutes: a secret.
 * `issuer` is where the console sends a person whose session has ended.
 */
export function formatFederatedSignIn(
  endpoint: URL,
  signIn: { readonly issuer: string; readonly destination: string; readonly token: Secret },
): string {
  const { issuer, destination, token } = signIn;
  const query = [
    'Action=login',
    `Issuer=${encodeURIComponent(issuer)}`,
    `Destination=${encodeURIComponent(destination)}`,
    `SigninToken=${encodeURIComponent(token.reveal())}`,
  ];
  return `${endpoint.href}?${query.join('&')}`;
}

function localOrigin(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined || !URL.canParse(endpoint)) return undefined;
  const { hostname, origin } = new URL(endpoint);
  return isLoopbackHost(hostname) ? origin : undefined;
}
