// Who asks for an answer: how long it waits for one, and whether it is still there.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SurfaceName } from '../../local-api/routes.ts';

export interface Caller {
  /** Where it came in. */
  readonly surface: SurfaceName;
  /** Of the last event that it had before its connection was cut, by its own word. */
  readonly lastEventId: string | undefined;
  /** By its own word, `Prefer: wait=SECONDS` (RFC 7240 4.3); undefined when it says nothing. */
  readonly waitBudgetMs: number | undefined;
  /** Aborts when it hangs up before it has its answer. */
  gone(): AbortSignal;
}

/** The caller behind one request; costs next to nothing until it is asked something. */
export function createCaller(surface: SurfaceName, request: IncomingMessage, response: ServerResponse): Caller {
  return {
    surface,
    get lastEventId() {
      const id = request.headers['last-event-id'];
      return typeof id === 'string' ? id : undefined;
    },
    get waitBudgetMs() {
      return parseWaitBudget(request.headers['prefer']);
    },
    gone() {
      const hungUp = new AbortController();
      const hangUp = () => {
        if (!response.writableFinished) hungUp.abort(new Error('the caller hung up'));
      };
      if (response.closed || request.socket.destroyed) hangUp();
      else response.once('close', hangUp);
      return hungUp.signal;
    },
  };
}

function parseWaitBudget(prefer: string | string[] | undefined): number | undefined {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,4})"?/i.exec(String(prefer ?? '')) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
