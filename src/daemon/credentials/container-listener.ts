// Answers requests on the container port: one route, whose answers are cached bytes most of the time.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { oncePerObject } from '../../core/async/once.ts';
import type { Clock } from '../../core/clock.ts';
import { formatUtcSeconds } from '../../core/clock.ts';
import { RolecallError } from '../../core/errors.ts';
import type { RoleCredentials } from '../../core/model.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { ROUTE_ADDRESSES } from '../../local-api/route-addresses.ts';
import type { ContainerCredentialsDocument } from '../../local-api/schemas.ts';
import { toFailure } from '../../platform/files/file-error.ts';
import type { FindCallerProgram } from '../http/caller-program.ts';
import type { ConnectionRules } from '../http/connection-rules.ts';
import { ANSWER_HEADERS, formatError, logInternalError, methodNotAllowed } from '../http/error-answer.ts';
import { readGuarded, type ContainerGuard } from '../http/guard.ts';
import { createHttpServer, type HttpServer } from '../http/http-server.ts';
import { NO_WAIT } from '../http/wait-budget.ts';
import type { Log } from '../process/log.ts';
import type { Grant } from './grants.ts';
import type { CredentialIssuer, Recipient } from './issue.ts';

const FORBIDDEN = 403;
const OK = 200;
const ROUTE = ROUTE_ADDRESSES.containerCredentials;
/** As of 2026-11 the JS SDK v2 and Ruby fail after 1.2 s. The next attempt finds what AWS answered meanwhile. */
const MAX_ANSWER_MS = 900;

export interface ContainerListenerDeps {
  readonly guard: ContainerGuard<Grant>;
  readonly issuer: CredentialIssuer;
  readonly findCallerProgram: FindCallerProgram;
  readonly connectionRules: ConnectionRules;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
}

/** A server with one route: credentials of the role of the grant that the guard admitted. */
export function createContainerListener(deps: ContainerListenerDeps): HttpServer {
  const { guard, issuer, log } = deps;
  const http = createHttpServer({
    ...deps,
    surface: 'container',
    guard(request) {
      const admitted = guard(request);
      return admitted instanceof RolecallError ? admitted : undefined;
    },
    describeError: describeForSdks,
  });
  const answerOf = createAnswers();
  /** The same object for each request of a grant, by which the audit log knows it. */
  const recipientOf = oncePerObject(toRecipient);

  /** The cached answer; undefined if AWS or the disk has to be asked. */
  function peek(grant: Grant): Answer | undefined {
    const { id, role } = grant;
    if (role === 'current') return undefined;
    const credentials = issuer.peek(role, recipientOf(grant), id);
    return credentials && answerOf(credentials, role.accountId);
  }

  async function issue(grant: Grant, request: IncomingMessage): Promise<Answer> {
    const { id, role: wanted, boundTo } = grant;
    const { role, credentials } = await issuer.issue({
      role: wanted,
      // An SDK can't wait for a person here.
      waitBudget: NO_WAIT,
      deadlineMs: MAX_ANSWER_MS,
      asker: {
        surface: 'container',
        grantId: id,
        program: () => deps.findCallerProgram(request, boundTo?.processId),
      },
      recipient: recipientOf(grant),
    });
    return answerOf(credentials, role.accountId);
  }

  function fail(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
    const error = thrown instanceof RolecallError ? thrown : toFailure(thrown);
    logInternalError(log, `${ROUTE.method} ${ROUTE.path}`, error);
    // SDKs ask again after 5xx.
    sendError(request, response, error, error.code === 'audit-unavailable' ? FORBIDDEN : undefined);
  }

  function respond(request: IncomingMessage, response: ServerResponse): void {
    const admitted = guard(readGuarded(request));
    if (admitted instanceof RolecallError) {
      // On an SSH host every user can connect. One that pipelines requests would keep the daemon and the connection busy.
      response.setHeader('connection', 'close');
      throw admitted;
    }
    if (request.method !== ROUTE.method) {
      response.setHeader('allow', ROUTE.method);
      sendError(request, response, methodNotAllowed(), 405);
      return;
    }
    const cached = peek(admitted);
    if (cached !== undefined) send(response, cached);
    else {
      issue(admitted, request).then(
        (answer) => send(response, answer),
        (error: unknown) => fail(request, response, error),
      );
    }
  }

  http.server.on('clientError', http.onClientError);
  http.onRequest((request, response) => {
    try {
      respond(request, response);
    } catch (error) {
      fail(request, response, error);
    }
  });
  return http;
}

function toRecipient({ boundTo, isConfined }: Grant): Recipient {
  return { surface: 'container', processId: boundTo?.processId, isConfined };
}

interface Answer {
  readonly body: string;
  /** Names and values alternate; Node writes them unchanged. */
  readonly headerLines: readonly string[];
}

/** Serializes each set of credentials once. The answer is garbage collected with them. */
function createAnswers(): (credentials: RoleCredentials, accountId: string) => Answer {
  const answers = new WeakMap<RoleCredentials, Answer>();
  return (credentials, accountId) => {
    const known = answers.get(credentials);
    if (known !== undefined) return known;
    const body = JSON.stringify({
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      Token: credentials.sessionToken.reveal(),
      Expiration: formatUtcSeconds(credentials.expiresAtMs),
      AccountId: accountId,
    } satisfies ContainerCredentialsDocument);
    const headers = {
      ...ANSWER_HEADERS,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    };
    const answer = { body, headerLines: Object.entries(headers).flat() };
    answers.set(credentials, answer);
    return answer;
  };
}

/** Node sends a string together with the headers in one packet, but bytes in a second one. */
function send(response: ServerResponse, { body, headerLines }: Answer): void {
  response.writeHead(OK, headerLines as string[]).end(body);
}

function sendError(request: IncomingMessage, response: ServerResponse, error: RolecallError, status?: number): void {
  const answer = formatError(error, { accept: request.headers.accept, describe: describeForSdks, status });
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

/** AWS's SDKs show only `Code` and `Message`, and the person needs the command as well. */
function describeForSdks(error: RolecallError): object {
  const message = harmless(error.message);
  const hint = harmless(error.hint);
  return { ...error.toBody(), message, hint, Code: error.code, Message: `${message} Run: ${hint}` };
}
