// Finds the region of Identity Center, which users rarely know, on the start page of the access portal.
import { isAwsHost } from '../core/aws/partitions.ts';
import type { Transport } from './transport.ts';

/** As of 2026-11 the page has a few kilobytes and names its region near the top. */
const MAX_BYTES = 512 * 1024;
const MAX_REDIRECTS = 3;
const REGION_TAG = /<meta\s[^>]*\bname\s*=\s*["']region["'][^>]*>/i;
const REGION = /\bcontent\s*=\s*["']([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})["']/i;

/**
 * The content of the page's `<meta name="region">`; undefined without one, or without a page. Never rejects.
 * Requests go only to AWS's own hosts, over https and without a token, redirects included.
 */
export async function findRegionOnPage(
  transport: Transport,
  startUrl: URL,
  timeoutMs: number,
): Promise<string | undefined> {
  const abortSignal = AbortSignal.timeout(timeoutMs);
  let url: URL | undefined = startUrl;
  try {
    for (let hops = 0; hops <= MAX_REDIRECTS && url !== undefined; hops += 1) {
      if (url.protocol !== 'https:' || !isAwsHost(url.hostname)) return undefined;
      const { response } = await transport.handle(toRequest(url) as never, { abortSignal });
      const body = response.body as AsyncIterable<Uint8Array> & { destroy(): void };
      const location = response.headers['location'];
      if (response.statusCode >= 300 && response.statusCode < 400 && location !== undefined) {
        body.destroy();
        url = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
        continue;
      }
      return readRegion(await readText(body));
    }
  } catch {
    // Offline, refused by a proxy, an endless page: the user is asked for the region instead.
  }
  return undefined;
}

function readRegion(page: string): string | undefined {
  return REGION.exec(REGION_TAG.exec(page)?.[0] ?? '')?.[1]?.toLowerCase();
}

/** A GET of a web page. */
export function toRequest(url: URL): object {
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    method: 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, accept: 'text/html' },
  };
}

async function readText(body: AsyncIterable<Uint8Array> & { destroy(): void }): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BYTES) break;
  }
  body.destroy();
  return Buffer.concat(chunks).toString('utf8');
}
