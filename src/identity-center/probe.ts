// Tests whether an endpoint answers, and reads the server's time: one GET without a token; the body is ignored.
import type { Transport } from './transport.ts';
import { ProxyError } from './proxy.ts';
import { isUntrustedCode, reasonOfCode } from './fault.ts';

export type ReachState = 'reached' | 'unresolvable' | 'untrusted' | 'proxy-failed' | 'unreachable';

export interface Reach {
  readonly state: ReachState;
  /** A clause without secrets; absent if the endpoint was reached. */
  readonly reason?: string;
  /** The server's `Date`, if it sent one. */
  readonly serverTimeMs?: number;
  /** From the request to the answer. */
  readonly durationMs: number;
}

/** Any answer counts as reached, even a refusal; never rejects. */
export async function probeEndpoint(transport: Transport, url: URL, timeoutMs: number): Promise<Reach> {
  const startedAtMs = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAtMs);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const request = {
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      method: 'GET',
      path: '/',
      query: {},
      headers: { host: url.host, connection: 'close' },
    };
    const { response } = await transport.handle(request as never, { abortSignal: signal });
    (response.body as { destroy?: () => void } | undefined)?.destroy?.();
    const date = Date.parse(response.headers['date'] ?? '');
    return { state: 'reached', durationMs: durationMs(), ...(Number.isNaN(date) ? {} : { serverTimeMs: date }) };
  } catch (error) {
    return { ...classify(error, signal.aborted, timeoutMs), durationMs: durationMs() };
  }
}

function classify(error: unknown, isLate: boolean, timeoutMs: number): Pick<Reach, 'state' | 'reason'> {
  if (error instanceof ProxyError) return { state: 'proxy-failed', reason: error.message };
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'string') {
    const reason = reasonOfCode(code);
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { state: 'unresolvable', reason };
    if (isUntrustedCode(code)) return { state: 'untrusted', reason };
    return { state: 'unreachable', reason };
  }
  if (isLate) return { state: 'unreachable', reason: `no answer within ${timeoutMs / 1000} s` };
  const { name, message } = error as Error;
  return { state: 'unreachable', reason: name === 'TimeoutError' ? 'no connection in time' : message };
}
