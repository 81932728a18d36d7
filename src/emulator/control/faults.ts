// Faults: the kinds, how each changes an answer, and how they are parsed.
import { AWS_ERRORS, AwsError, SERVER_FAILED, THROTTLED, formatAwsError, isExceptionOf } from '../http/aws-errors.ts';
import type { Reply } from '../http/http.ts';
import { type Fields, readFields } from '../http/json-fields.ts';
import { type Dialect, OPERATIONS, OPERATION_NAMES, type Operation, isOperation } from '../http/operations.ts';

interface FaultTarget {
  /** `*` means every operation. */
  readonly operation: Operation | '*';
  /** Restricts it to calls with this grant (CreateToken, RegisterClient), account id (ListAccountRoles) or `ACCOUNT/ROLE` (GetRoleCredentials, AssumeRole). */
  readonly detail?: string;
  /** How many calls it affects; unlimited when omitted. */
  readonly count?: number;
  /** How many calls succeed before the first one that it affects. */
  readonly skip?: number;
}

export type FaultEffect =
  /** 429, with `Retry-After` when seconds are given. */
  | { readonly kind: 'throttle'; readonly retryAfterSeconds?: number }
  /** A server error or another status, in the form of the AWS service. */
  | { readonly kind: 'status'; readonly status: number }
  /** An AWS error such as `InvalidGrantException`; affects only operations that have it. */
  | { readonly kind: 'exception'; readonly exception: string }
  /** 200 with a web page instead of JSON, like a captive portal or a proxy's login. */
  | { readonly kind: 'html' }
  /** Closes the connection without an answer; the call had no effect. */
  | { readonly kind: 'drop' }
  /** Closes the connection without an answer, although the call took effect. */
  | { readonly kind: 'lose-answer' }
  /** Delays the answer; can be combined with another fault. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Sends only the first half of the answer. */
  | { readonly kind: 'truncate' }
  /** Removes fields such as `accessToken` or `roleCredentials.expiration` from the answer. */
  | { readonly kind: 'omit'; readonly fields: readonly string[] };

export type Fault = FaultTarget & FaultEffect;

interface FaultContext {
  readonly dialect: Dialect;
  readonly requestId: string;
}

/** A fault replaces the answer (`instead`) or changes the real one (`afterwards`). */
interface FaultRule<E> {
  readonly instead?: (effect: E, context: FaultContext) => Reply | undefined;
  readonly afterwards?: (effect: E, reply: Reply) => Reply | undefined;
  readonly parse: (fields: Fields) => E;
}

type FaultRules = { readonly [K in FaultEffect['kind']]: FaultRule<Extract<FaultEffect, { kind: K }>> };

/** One row per kind. To add a kind, add a member of FaultEffect and a row here. */
const FAULT_RULES: Readonly<FaultRules> = {
  throttle: {
    instead({ retryAfterSeconds }, { dialect, requestId }) {
      const reply = formatAwsError(new AwsError(dialect, THROTTLED[dialect]), requestId, 429);
      if (retryAfterSeconds === undefined) return reply;
      return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfterSeconds) } };
    },
    parse(fields) {
      const retryAfterSeconds = fields.optionalNumber('retryAfterSeconds');
      return { kind: 'throttle', ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    },
  },
  status: {
    instead: ({ status }, { dialect, requestId }) =>
      formatAwsError(new AwsError(dialect, SERVER_FAILED[dialect]), requestId, status),
    parse(fields) {
      const status = fields.optionalNumber('status') ?? 500;
      if (!Number.isInteger(status) || status < 400 || status > 599) throw fields.wrong('status', 'must be 400 to 599');
      return { kind: 'status', status };
    },
  },
  exception: {
    instead: ({ exception }, { dialect, requestId }) => formatAwsError(new AwsError(dialect, exception), requestId),
    parse: (fields) => ({ kind: 'exception', exception: fields.string('exception') }),
  },
  html: {
    instead: () => ({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<!doctype html><title>Sign in to this network</title><p>Please accept the terms of use.</p>',
    }),
    parse: () => ({ kind: 'html' }),
  },
  drop: { instead: () => undefined, parse: () => ({ kind: 'drop' }) },
  'lose-answer': { afterwards: () => undefined, parse: () => ({ kind: 'lose-answer' }) },
  delay: {
    parse(fields) {
      const delayMs = fields.optionalNumber('delayMs');
      if (delayMs === undefined || delayMs < 0) throw fields.wrong('delayMs', 'must be a number of milliseconds');
      return { kind: 'delay', delayMs };
    },
  },
  truncate: {
    afterwards: (_effect, reply) => ({ ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)) }),
    parse: () => ({ kind: 'truncate' }),
  },
  omit: {
    afterwards: ({ fields }, reply) => ({ ...reply, body: withoutFields(reply.body, fields) }),
    parse(fields) {
      const names = fields.optionalStrings('fields');
      if (names === undefined) throw fields.wrong('fields', 'is missing');
      return { kind: 'omit', fields: names };
    },
  },
};

/** In the order of the documentation. */
export const FAULT_KINDS = Object.keys(FAULT_RULES) as readonly FaultEffect['kind'][];
const FAULT_KEYS = [
  'operation',
  'detail',
  'count',
  'skip',
  'kind',
  'retryAfterSeconds',
  'status',
  'exception',
  'delayMs',
  'fields',
] as const;

/** @throws UsageError invalid-request: names the field that is wrong */
export function parseFault(value: unknown): Fault {
  const fields = readFields(value, FAULT_KEYS);
  const operation = fields.string('operation');
  if (operation !== '*' && !isOperation(operation)) {
    throw fields.wrong('operation', `must be * or one of ${OPERATION_NAMES.join(', ')}`);
  }
  const kind = FAULT_KINDS.find((known) => known === fields.string('kind'));
  if (kind === undefined) throw fields.wrong('kind', `must be one of ${FAULT_KINDS.join(', ')}`);
  const effect = FAULT_RULES[kind].parse(fields);
  if (effect.kind === 'exception') {
    const dialects = operation === '*' ? (Object.keys(AWS_ERRORS) as Dialect[]) : [OPERATIONS[operation]];
    if (!dialects.some((dialect) => isExceptionOf(dialect, effect.exception))) {
      throw fields.wrong('exception', `is not an error of ${operation}`);
    }
  }
  const detail = fields.optionalString('detail');
  return {
    operation,
    ...effect,
    ...(detail === undefined ? {} : { detail }),
    ...readCount(fields, 'count'),
    ...readCount(fields, 'skip'),
  };
}

function readCount(fields: Fields, name: 'count' | 'skip'): { count?: number; skip?: number } {
  const count = fields.optionalNumber(name);
  if (count === undefined) return {};
  if (!Number.isInteger(count) || count < 1) throw fields.wrong(name, 'must be a whole number above 0');
  return { [name]: count };
}

/** The rule for a fault's kind; TypeScript cannot infer that a kind and its row belong together. */
export function ruleOf(fault: Fault): FaultRule<FaultEffect> {
  return FAULT_RULES[fault.kind] as unknown as FaultRule<FaultEffect>;
}

function withoutFields(body: string, paths: readonly string[]): string {
  // Logout has an empty answer and STS answers XML, so there are no fields to remove.
  if (!body.startsWith('{')) return body;
  const value: unknown = JSON.parse(body);
  for (const path of paths) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    const parent = names.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), value);
    if (isRecord(parent)) delete parent[last];
  }
  return JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
