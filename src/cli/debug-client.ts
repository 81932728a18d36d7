// `--debug`: prints each request to the daemon with its duration. Never a body or an answer, which may contain secrets.
import type { Clock } from '../core/clock.ts';
import { RolecallError } from '../core/errors.ts';
import { harmless } from '../core/text/harmless-text.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import { ROUTE_ADDRESSES } from '../local-api/route-addresses.ts';
import type { CallableRouteName } from '../local-api/routes.ts';

/** What requests have in common: each route has some of these parts. */
interface Input {
  readonly session?: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** The same client; it prints a line on `write` when a call has ended. */
export function withDebug(
  client: LocalApiClient,
  deps: { readonly clock: Clock; readonly write: (line: string) => void },
): LocalApiClient {
  return {
    async call(route, input, options) {
      const startMs = deps.clock.nowMs();
      const report = (outcome: string) => {
        const request = describeRequest(route, input as Input);
        deps.write(`debug: ${harmless(request)}: ${outcome}, ${Math.round(deps.clock.nowMs() - startMs)} ms\n`);
      };
      try {
        const answer = await client.call(route, input, options);
        report('ok');
        return answer;
      } catch (error) {
        report(error instanceof RolecallError ? error.code : 'failed');
        throw error;
      }
    },
  };
}

/** `POST /v1/sessions/work/sign-in (body: force)`. Ids of grants, and the values of a body, are left out. */
function describeRequest(route: CallableRouteName, { session, query = {}, body = {} }: Input): string {
  const { method, path } = ROUTE_ADDRESSES[route];
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${String(value)}`],
  );
  const keys = Object.keys(body);
  return [
    `${method} ${path.replace(':session', () => session ?? '')}${words.length === 0 ? '' : `?${words.join('&')}`}`,
    ...(keys.length === 0 ? [] : [`(body: ${keys.join(', ')})`]),
  ].join(' ');
}
