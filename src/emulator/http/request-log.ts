// Records requests: counts by operation, and the latest requests without secrets.
import { type Operation, OPERATION_NAMES } from './operations.ts';

export interface RecordedRequest {
  readonly atMs: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly host: string;
  readonly hasBearerToken: boolean;
  readonly operation: Operation | null;
  /** The grant of CreateToken or RegisterClient, the account of ListAccountRoles, `ACCOUNT/ROLE` of GetRoleCredentials and AssumeRole. */
  readonly detail: string | null;
  /** Of AssumeRole. */
  readonly assumeRole?: RecordedAssumeRole;
  /** Null until it is answered, and when the connection was dropped. */
  readonly status: number | null;
}

/** What AssumeRole was asked for; it decides what the credentials allow. */
export interface RecordedAssumeRole {
  readonly roleArn: string | null;
  readonly roleSessionName: string | null;
  readonly policy: string | null;
  readonly policyArns: readonly string[];
  readonly durationSeconds?: string;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTagKeys?: readonly string[];
}

export type CallCounts = Readonly<Record<Operation, number>>;

export interface RequestLog {
  /** Records a request; the returned function records its status. */
  record(request: Omit<RecordedRequest, 'status'>): (status: number) => void;
  /** The latest 10,000, oldest first; fewer if they are very long. */
  requests(): readonly RecordedRequest[];
  counts(): CallCounts;
  /** The number of calls of an operation, optionally only those with `detail`. */
  count(operation: Operation, detail?: string): number;
  reset(): void;
}

const MAX_RECORDED_REQUESTS = 10_000;
/** Whoever can connect can send requests without a token, each with 16 KiB of URL or 64 KiB of body. */
const MAX_RECORDED_CHARACTERS = 32 * 1024 * 1024;
/** Different details that are counted on their own, and the longest one. */
const MAX_DETAILS = 50_000;
const MAX_DETAIL_LENGTH = 256;

export function createRequestLog(): RequestLog {
  let recorded: { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }[] = [];
  let characters = 0;
  let counts = new Map<string, number>();
  const keyOf = (operation: Operation, detail: string | null) =>
    detail === null ? operation : `${operation} ${detail}`;
  const add = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const countDetail = (key: string, detail: string) => {
    if (detail.length <= MAX_DETAIL_LENGTH && (counts.has(key) || counts.size < MAX_DETAILS)) add(key);
  };

  return {
    record(request) {
      const entry = { ...request, path: copyOf(request.path), status: null as number | null };
      recorded.push(entry);
      characters += lengthOf(entry);
      // Removes half at a time: shifting a long list on every request would be slow.
      if (recorded.length > 2 * MAX_RECORDED_REQUESTS || characters > MAX_RECORDED_CHARACTERS) {
        recorded = recorded.slice(-Math.floor(recorded.length / 2));
        characters = recorded.reduce((sum, each) => sum + lengthOf(each), 0);
      }
      if (request.operation !== null) {
        add(keyOf(request.operation, null));
        if (request.detail !== null) countDetail(keyOf(request.operation, request.detail), request.detail);
      }
      return (status) => {
        entry.status = status;
      };
    },
    requests: () => recorded.slice(-MAX_RECORDED_REQUESTS).map((entry) => ({ ...entry })),
    counts: () =>
      Object.fromEntries(OPERATION_NAMES.map((operation) => [operation, counts.get(operation) ?? 0])) as CallCounts,
    count: (operation, detail) => counts.get(keyOf(operation, detail ?? null)) ?? 0,
    reset() {
      recorded = [];
      characters = 0;
      counts = new Map();
    },
  };
}

function lengthOf({ path, host, detail, assumeRole }: RecordedRequest): number {
  const asked = assumeRole === undefined ? 0 : JSON.stringify(assumeRole).length;
  return path.length + host.length + (detail?.length ?? 0) + asked;
}

/** A part of a string keeps the whole string in memory: here the URL with its query. */
const copyOf = (text: string) => Buffer.from(text).toString();
