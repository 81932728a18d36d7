// Downloads a text file whose address the user gave: https only, limited in size, with the same proxy and CAs as for AWS.
import { UnavailableError, UsageError } from '../core/errors.ts';
import type { TransportDeps } from './transport.ts';

export interface DownloadLimits {
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
}

const MAX_REDIRECTS = 3;

export interface Download {
  /** The file as it is at the address, for its checksum and signature. */
  readonly bytes: Buffer;
  readonly text: string;
  /** The final address after redirects, without its query; absent without redirects. */
  readonly redirectedTo?: string;
}

/**
 * The text at an address.
 * @throws UsageError invalid-request: not https, a redirect to another scheme, or an answer that is not such a text
 * @throws UnavailableError file-not-writable: no answer, or not in time
 */
export async function download(
  url: URL,
  limits: DownloadLimits,
  network: Pick<TransportDeps, 'proxyForUrl' | 'caBundle'>,
): Promise<Download> {
  // Loaded late: the HTTP client takes about 100 ms, which the daemon's start does not need.
  const { createTransport } = await import('./transport.ts');
  const { timeoutMs } = limits;
  const transport = createTransport({ ...network, connectTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs });
  const abortSignal = AbortSignal.timeout(timeoutMs);
  try {
    let next = url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      if (next.protocol !== 'https:') {
        throw refuse(
          hops === 0
            ? `${shown(next)} is not https.`
            : `${shown(url)} redirects to ${shown(next)}, which is not https.`,
        );
      }
      const { response } = await transport.handle(toRequest(next) as never, { abortSignal });
      const { statusCode, headers } = response;
      const body = response.body as Body;
      const location = headers['location'];
      if (statusCode >= 300 && statusCode < 400 && location !== undefined) {
        body.destroy();
        if (!URL.canParse(location, next.href)) throw refuse(`${shown(url)} redirects to an invalid address.`);
        next = new URL(location, next.href);
        continue;
      }
      if (statusCode !== 200) {
        body.destroy();
        throw refuse(`${shown(next)} answered ${statusCode}.`);
      }
      const file = await readText(body, limits, next, abortSignal);
      return hops === 0 ? file : { ...file, redirectedTo: shown(next) };
    }
    throw refuse(`${shown(url)} redirects too often.`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = abortSignal.aborted ? `no complete answer within ${timeoutMs / 1000} s` : (error as Error).message;
    throw new UnavailableError('file-not-writable', `${shown(url)} could not be read: ${reason}.`, {
      cause: error,
      hint: 'rolecall doctor',
    });
  } finally {
    transport.destroy();
  }
}

type Body = AsyncIterable<Uint8Array> & { destroy(): void };

async function readText(body: Body, { maxBytes }: DownloadLimits, url: URL, signal: AbortSignal): Promise<Download> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stop = () => body.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) throw refuse(`${shown(url)} is longer than ${maxBytes / 1024} KiB.`);
    }
    signal.throwIfAborted();
    const bytes = Buffer.concat(chunks);
    return { bytes, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError && !signal.aborted) throw refuse(`${shown(url)} is not UTF-8 text.`);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

function toRequest(url: URL): object {
  return {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    method: 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, accept: 'application/toml, text/plain, */*;q=0.1' },
  };
}

/** Without the query, which may contain a signature. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function refuse(message: string): UsageError {
  return new UsageError('invalid-request', message, { hint: 'rolecall setup --help' });
}
