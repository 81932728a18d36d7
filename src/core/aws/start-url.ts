// Normalizes a start URL that was copied from a mail, a bookmark or the address bar to the form that AWS's clients need.
import { UsageError } from '../errors.ts';
import { isAwsHost } from './partitions.ts';

export interface StartUrl {
  readonly startUrl: string;
  /** False for a company's own host name, which AWS's clients accept only if it redirects to one of AWS's. */
  readonly isAws: boolean;
  /** If the URL contains it. */
  readonly region?: string;
}

const EXAMPLE = 'https://d-1234567890.awsapps.com/start';
const REGION_LABEL = /(?:^|\.)([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})(?:\.|$)/;
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;
const AWSAPPS = /\.awsapps\.(com|cn)$/;

/** @throws UsageError invalid-request: one sentence says what is wrong */
export function parseStartUrl(text: string): StartUrl {
  const typed = text.trim().replace(/^["'<]+|["'>]+$/g, '');
  if (typed === '') throw wrong(`The start URL is empty; it looks like ${EXAMPLE}`);
  const url = toUrl(typed);
  if (url === undefined) throw wrong(`"${typed}" is not a web address; a start URL looks like ${EXAMPLE}`);
  if (url.protocol !== 'https:') throw wrong(`A start URL begins with https://, not ${url.protocol}//`);
  if (url.username !== '' || url.password !== '') throw wrong('A start URL must not contain a user name or password.');
  const host = url.hostname;
  refuseOtherPages(host);
  return {
    startUrl: `https://${url.host}${pathOf(url)}`,
    isAws: isAwsHost(host),
    ...optional(REGION_LABEL.exec(host)?.[1]),
  };
}

/** Whether both mean the same portal: AWS's clients use a token file per spelling, but the service ignores the differences. */
export function isSameStartUrl(one: string, other: string): boolean {
  return one === other || toComparable(one) === toComparable(other);
}

/** Without user, fragment and trailing slashes; host, scheme and port as normalized by the URL parser. */
function toComparable(startUrl: string): string {
  if (!URL.canParse(startUrl)) return startUrl;
  const url = new URL(startUrl);
  const { protocol, host, pathname, search } = url;
  let end = pathname.length;
  while (pathname[end - 1] === '/') end -= 1;
  return `${protocol}//${host}${pathname.slice(0, end)}${search}`;
}

/** In lower case, without the description that the console shows after it. @throws UsageError invalid-request */
export function parseRegion(text: string): string {
  const region = text.trim().toLowerCase().split(/[\s(]/)[0] ?? '';
  if (REGION.test(region)) return region;
  throw wrong(`"${text.trim()}" is not a region; a region looks like us-east-1 or eu-central-1.`);
}

/** A single word is the part before `.awsapps.com`, which administrators often pass on. */
function toUrl(typed: string): URL | undefined {
  const isWord = /^[a-z0-9][a-z0-9-]{2,62}$/i.test(typed);
  const full = isWord ? `https://${typed}.awsapps.com/start` : withScheme(typed);
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  return url.hostname.includes('.') || url.protocol !== 'https:' ? url : undefined;
}

function withScheme(typed: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`;
}

/** The portal's own address ends with /start; the rest is a page inside the portal. */
function pathOf({ hostname, pathname }: URL): string {
  const path = pathname.replace(/\/+$/, '');
  if (AWSAPPS.test(hostname) && !hostname.startsWith('start.') && (path === '' || path.startsWith('/start'))) {
    return '/start';
  }
  return path;
}

function refuseOtherPages(host: string): void {
  const instead = `ask your administrator for the start URL; it looks like ${EXAMPLE}`;
  if (host.startsWith('device.sso.')) throw wrong(`${host} is the page where you enter a code; ${instead}`);
  if (host.startsWith('oidc.') || host.startsWith('portal.sso.')) {
    throw wrong(`${host} is an API server, not a start page; ${instead}`);
  }
  if (/(^|\.)aws\.amazon\.com$/.test(host)) throw wrong(`${host} is the AWS console; ${instead}`);
}

function optional(region: string | undefined): { readonly region?: string } {
  return region === undefined ? {} : { region };
}

function wrong(message: string): UsageError {
  return new UsageError('invalid-request', message, { hint: 'rolecall setup' });
}
