// Addresses of the AWS console: its pages, the access portal's shortcut link, and the federated sign-in.
import { isLoopbackUrl } from '../loopback.ts';
import type { Secret } from '../secret.ts';
import { findPartition } from './partitions.ts';

/** The console of a partition. */
export interface ConsoleHosts {
  readonly partition: string;
  /** The part of its host names after `console.` and `signin.`. */
  readonly domain: string;
  /** The region whose sign-in host has no region in its name. */
  readonly homeRegion: string;
}

/** The console of a region; undefined for isolated regions and for anything that is not a region name. */
export function findConsole(region: string): ConsoleHosts | undefined {
  const partition = findPartition(region);
  return partition?.console && { partition: partition.name, ...partition.console };
}

/** A console page: of a service, named as in its path, else the console's home. */
export function formatConsolePage({ domain }: ConsoleHosts, region: string, service = 'console'): string {
  return `https://${region}.console.${domain}/${service}/home?region=${region}`;
}

/**
 * The access portal's shortcut link. It contains no credentials and asks for a sign-in if there is none. Without
 * `destination` it leads to the page that the administrator has chosen.
 * @see https://docs.aws.amazon.com/singlesignon/latest/userguide/createshortcutlink.html
 */
export function formatShortcutLink(
  portal: URL,
  role: { readonly accountId: string; readonly permissionSet: string },
  destination?: string,
): string {
  const parameters = [
    `account_id=${role.accountId}`,
    `role_name=${encodeURIComponent(role.permissionSet)}`,
    ...(destination === undefined ? [] : [`destination=${encodeURIComponent(destination)}`]),
  ];
  return `${portal.origin}${portal.pathname.replace(/\/+$/, '')}/#/console?${parameters.join('&')}`;
}

/**
 * The address of the access portal; undefined if the start URL is not https. With an endpoint on this machine (the
 * emulator) it is the emulator's page, because nothing answers at the start URL then.
 */
export function findAccessPortal(startUrl: string, ssoEndpoint: string | undefined): URL | undefined {
  const local = localOrigin(ssoEndpoint);
  if (local !== undefined) return new URL('/start', local);
  const portal = URL.canParse(startUrl) ? new URL(startUrl) : undefined;
  return portal?.protocol === 'https:' ? portal : undefined;
}

/**
 * The federation endpoint for credentials of a session in `region`: the same that the access portal uses. Credentials
 * of an emulator are sent to the emulator, because AWS does not know them.
 */
export function findFederationEndpoint(console: ConsoleHosts, region: string, ssoEndpoint: string | undefined): URL {
  const local = localOrigin(ssoEndpoint);
  if (local !== undefined) return new URL('/federation', local);
  const host = `signin.${console.domain}`;
  return new URL(`https://${region === console.homeRegion ? host : `${region}.${host}`}/federation`);
}

/**
 * A URL that signs in whoever opens it within 15 minutes, so it is a secret. `issuer` is the page to which the console
 * sends users whose session has ended.
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
  return endpoint !== undefined && isLoopbackUrl(endpoint) ? new URL(endpoint).origin : undefined;
}
