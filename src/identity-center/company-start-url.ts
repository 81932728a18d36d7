// Follows a company's own start URL to AWS's, as the AWS CLI has done since 2.35.13: one redirect, to an access portal.
import { findPartition, findPortal } from '../core/aws/partitions.ts';
import { parseStartUrl } from '../core/aws/start-url.ts';
import { harmless } from '../core/text/harmless-text.ts';
import { IdentityCenterFault } from '../sso/ports.ts';
import { toFault } from './fault.ts';
import { toRequest } from './start-page.ts';
import type { Transport } from './transport.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** A server that does not know HEAD is asked with GET. */
const NO_HEAD: ReadonlySet<number> = new Set([405, 501]);

/**
 * AWS's start URL to which a company's own redirects. The request has no token and no cookie, and AWS's host is not
 * asked. `region` is that of the sso-session; undefined if it is not known yet.
 * @throws IdentityCenterFault unreachable: no answer; start-url-unresolved: it does not lead to an access portal
 */
export async function followStartUrl(
  transport: Transport,
  startUrl: URL,
  region: string | undefined,
  timeoutMs: number,
): Promise<string> {
  const abortSignal = AbortSignal.timeout(timeoutMs);
  const head = await ask(transport, startUrl, 'HEAD', abortSignal, timeoutMs);
  const answer = NO_HEAD.has(head.status) ? await ask(transport, startUrl, 'GET', abortSignal, timeoutMs) : head;
  if (answer.status >= 500 || answer.status === 429) {
    throw new IdentityCenterFault('unreachable', `${startUrl.host} answered HTTP ${answer.status}.`);
  }
  if (!REDIRECTS.has(answer.status)) {
    throw unresolved(startUrl, `does not redirect to AWS (it answered HTTP ${answer.status})`);
  }
  return checkTarget(startUrl, answer.location, region);
}

/** AWS's start URL, normalized. @throws IdentityCenterFault start-url-unresolved */
function checkTarget(startUrl: URL, location: string | undefined, region: string | undefined): string {
  if (location === undefined || !URL.canParse(location, startUrl.href)) {
    throw unresolved(startUrl, 'redirects to no valid address');
  }
  const target = new URL(location, startUrl.href);
  // Without its query, which may contain something secret.
  const shown = harmless(`${target.protocol}//${target.host}${target.pathname}`).slice(0, 200);
  if (target.protocol !== 'https:') throw unresolved(startUrl, `redirects to ${shown}, which is not https`);
  const portal = findPortal(target.hostname);
  if (portal === undefined || target.port !== '' || target.username !== '' || target.password !== '') {
    throw unresolved(
      startUrl,
      `redirects to ${shown}, which is not an access portal of AWS (only one redirect counts)`,
    );
  }
  const partition = region === undefined ? undefined : findPartition(region);
  if (partition !== undefined && partition !== portal.partition) {
    const where = `${portal.partition.name}, but the sso_region ${region} is in ${partition.name}`;
    throw unresolved(startUrl, `redirects to ${shown}, which is in the partition ${where}`);
  }
  return parseStartUrl(target.href).startUrl;
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

async function ask(
  transport: Transport,
  url: URL,
  method: 'HEAD' | 'GET',
  abortSignal: AbortSignal,
  timeoutMs: number,
): Promise<Answer> {
  try {
    const { response } = await transport.handle({ ...toRequest(url), method } as never, { abortSignal });
    (response.body as { destroy?(): void } | undefined)?.destroy?.();
    return { status: response.statusCode, location: response.headers['location'] };
  } catch (error) {
    throw toFault(error, {
      service: 'signin',
      operation: method,
      host: url.host,
      secrets: [],
      ...(abortSignal.aborted && { timedOutAfterMs: timeoutMs }),
    });
  }
}

function unresolved(startUrl: URL, reason: string): IdentityCenterFault {
  return new IdentityCenterFault('start-url-unresolved', `${startUrl.host} ${reason}.`);
}
