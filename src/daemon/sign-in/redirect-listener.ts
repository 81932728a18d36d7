// The port to which the browser comes back from the sign-in page: opened for one sign-in, on 127.0.0.1 only.
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { OpenRedirectListener, Redirect, RedirectListener } from '../../sso/ports.ts';
import { loginCommand } from '../../sso/faults.ts';
import type { ConnectionRules } from '../http/connection-rules.ts';
import { createHttpServer, invalidRequest } from '../http/http-server.ts';
import { listen } from '../http/listeners.ts';
import type { Log } from '../process/log.ts';
import {
  describeDelay,
  describeOutcome,
  describeRefusal,
  describeRepetition,
  renderPage,
  type Page,
} from './redirect-page.ts';
import { CALLBACK_PATH, readRedirect, type Refusal } from './redirect-request.ts';

const HOST = '127.0.0.1';
/** How long the browser waits for the outcome; CreateToken usually takes less than a second. */
const MAX_ANSWER_MS = 15_000;
/** How long the last answers may take before their connections are closed. */
const DRAIN_TIMEOUT_MS = 3000;
const MAX_LOGGED_REFUSALS = 10;

export interface RedirectListenerDeps {
  /** With the check of the peer's user. */
  readonly connectionRules: ConnectionRules;
  readonly clock: Clock;
  readonly log: Log;
  /** Binds the port. */
  readonly listen?: (server: Server) => Promise<void>;
}

/** Any free port, so that none can be taken before. */
const listenOnLoopback = (server: Server) => listen(server, { host: HOST, port: 0 });

/** Opens the port. @throws UnavailableError no-callback-port */
export async function openRedirectListener(
  deps: RedirectListenerDeps,
  { session, state, isOpen }: Parameters<OpenRedirectListener>[0],
): Promise<RedirectListener> {
  const { sessionName } = session;
  const http = createHttpServer({
    surface: 'callback',
    // What no browser sends: a request to connect to another host.
    guard: () => invalidRequest('This port only takes the answer of a sign-in page.'),
    describeError: (error) => error.toBody(),
    connectionRules: deps.connectionRules,
    clock: deps.clock,
    log: deps.log,
  });
  let accept: (redirect: Redirect) => void;
  const redirect = new Promise<Redirect>((resolve) => {
    accept = resolve;
  });
  let host = '';
  let isUsed = false;
  let isClosed = false;
  let loggedRefusals = 0;
  const answered = new AbortController();
  /** The browser that has come back, until it has its answer. */
  let waiting: ServerResponse | undefined;

  function answer(page: Page): void {
    answered.abort(new Error('the browser has its answer'));
    if (waiting !== undefined) send(waiting, 200, page);
    waiting = undefined;
  }

  function refuse(response: ServerResponse, { status, message }: Refusal): void {
    loggedRefusals += 1;
    if (loggedRefusals <= MAX_LOGGED_REFUSALS) {
      deps.log('warn', `sign-in to ${sessionName}: refused a request to its callback port: ${message}`);
    }
    if (status === 405) response.setHeader('allow', 'GET');
    send(response, status, describeRefusal(message));
  }

  http.server.on('clientError', http.onClientError);
  http.onRequest((request, response) => {
    const found = readRedirect(request, { host, state });
    if ('status' in found) return refuse(response, found);
    if (isUsed) return send(response, 410, describeRepetition(sessionName));
    if (isClosed || !isOpen()) return refuse(response, { status: 410, message: 'This sign-in is over.' });
    isUsed = true;
    waiting = response;
    accept(found);
    void deps.clock.sleep(MAX_ANSWER_MS, answered.signal).then(
      () => answer(describeDelay(sessionName)),
      () => undefined,
    );
  });

  try {
    await (deps.listen ?? listenOnLoopback)(http.server);
  } catch (cause) {
    http.close();
    throw new UnavailableError(
      'no-callback-port',
      `No port of ${HOST} can be opened for the sign-in page of ${sessionName} to come back to: ${(cause as NodeJS.ErrnoException).code}.`,
      { hint: loginCommand(sessionName, '--use-device-code'), cause },
    );
  }
  host = `${HOST}:${(http.server.address() as AddressInfo).port}`;

  return {
    redirectUri: `http://${host}${CALLBACK_PATH}`,
    redirect,
    close(outcome, error) {
      if (isClosed) return;
      isClosed = true;
      if (waiting === undefined) return http.close();
      answer(describeOutcome(sessionName, outcome, error));
      const drainTimeout = setTimeout(() => http.close(), DRAIN_TIMEOUT_MS);
      drainTimeout.unref();
      void http.drain().then(() => {
        clearTimeout(drainTimeout);
        http.close();
      });
    },
  };
}

function send(response: ServerResponse, status: number, page: Page): void {
  const { headers, body } = renderPage(page);
  response.writeHead(status, headers).end(body);
}
