// Grants: each lets one caller get credentials of one role, at the container port or on a socket. Saved as hashes, to survive a restart.
import { hash as digest, timingSafeEqual } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isUnnamedChain } from '../../core/aws/chain-role.ts';
import { isEpochMs, type Clock } from '../../core/clock.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { ChainDefinition, Role } from '../../core/model.ts';
import type { Actor } from '../audit/audit-record.ts';
import type { Log } from '../process/log.ts';
import { createProcessRecognition, type ProcessIdentity } from '../../platform/process/process-identity.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';
import type { Chains } from '../roles/chains.ts';
import { parseHop } from '../roles/hop.ts';
import { isRole } from '../roles/role-usage.ts';

export interface Grant {
  readonly id: string;
  /** `current`: the current role at the time of a request. */
  readonly role: Role | 'current';
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The grant ends with this process. */
  readonly boundTo?: ProcessIdentity;
  /** Whether the caller has said that it confines the program. */
  readonly isConfined?: boolean;
  /** Whether it is served on a socket of its own, and not at the container port. */
  readonly hasSocket?: boolean;
  /** What it is for, in the caller's words. */
  readonly purpose?: string;
  /** How `role` is reached if the caller named another role to go through. */
  readonly hop?: ChainDefinition;
}

/** The terms of a new grant. */
export type GrantTerms = Pick<Grant, 'role' | 'boundTo' | 'isConfined' | 'hasSocket' | 'purpose' | 'hop'> & {
  readonly lifetimeSeconds: number;
};

export interface IssuedGrant {
  readonly grant: Grant;
  /** Told only to the caller: the last part of the URL, and the Authorization header. */
  readonly pathSecret: string;
  readonly token: string;
}

export interface Grants {
  /** Whether grants may have been lost because their file was damaged. */
  readonly haveGaps: boolean;
  issue(terms: GrantTerms): Promise<IssuedGrant>;
  /** The valid grant of the container port with both secrets; undefined does not tell which of them was wrong. */
  find(pathSecret: string, token: string): Grant | undefined;
  /** The valid grant with a socket of its own. */
  findOfSocket(id: string, token: string): Grant | undefined;
  get(id: string): Grant | undefined;
  list(): readonly Grant[];
  /** True when there was one. */
  revoke(id: string, by: Actor): Promise<boolean>;
  /** Revokes the grants of one sso-session. Grants of the current role stay: it can be of another session later. */
  revokeSession(sessionName: string, by: Actor): Promise<void>;
  /** Revokes the grants of the container port: another program may have it. */
  revokeOfPort(): Promise<void>;
  /** Removes grants that have expired, or whose process has ended. */
  sweep(): Promise<void>;
}

interface StoredGrant extends Grant {
  readonly pathHash: string;
  readonly tokenHash: string;
}

interface ProvenGrant {
  readonly grant: StoredGrant;
  readonly token: Buffer;
  /** Room for the token of a request. */
  readonly given: Buffer;
}

const SECRET_BYTES = 32;
export const GRANT_ID = /^[0-9a-f]{16}$/;
const SHA256 = /^[A-Za-z0-9+/]{43}=$/;
/** The longest lifetime that the route accepts. */
const MAX_LIFETIME_MS = 7 * 24 * 3600_000;

/** Schema of `grants.json`. */
export const GRANTS_SCHEMA = {
  version: 1,
  isReadOnce: true,
  entries: { list: 'grants', firstKey: 'id', isSound: isStoredGrant },
  loss: 'If a running "rolecall exec" no longer gets credentials, start it again.',
} as const satisfies StateFileSchema;

/** Loads the valid grants of an earlier daemon. `directory` has a folder for each grant, removed with it. */
export async function loadGrants(deps: {
  /** Uses `GRANTS_SCHEMA`. */
  readonly file: StateFile;
  readonly directory: string;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  /** Knows the hop of each grant for as long as the grant lives. */
  readonly chains: Pick<Chains, 'add' | 'remove'>;
  /** Called once for each grant that ends. */
  readonly onGone: (grant: Grant, how: 'revoked' | 'ended', by: Actor) => void;
  readonly log: Log;
}): Promise<Grants> {
  const { clock } = deps;
  const byPath = new Map<string, StoredGrant>();
  for (const grant of await readStored(deps.file, deps.log)) keep(grant);
  const haveGaps = await deps.file.wasDamaged();
  // Commands whose grants were lost still use their files.
  if (!haveGaps) await removeOrphans(deps.directory, new Set([...byPath.values()].map(({ id }) => id)));

  function keep(grant: StoredGrant): void {
    byPath.set(grant.pathHash, grant);
    if (grant.hop !== undefined) deps.chains.add(grant.hop);
  }

  /** False if it was dropped before. */
  function drop({ pathHash, role, hop }: StoredGrant): boolean {
    if (!byPath.delete(pathHash)) return false;
    if (hop !== undefined && role !== 'current') deps.chains.remove(role);
    return true;
  }

  /** Grants whose secrets were proven once: hashing at each request would take most of its time. */
  const proven = new Map<string, ProvenGrant>();

  const isSameProcess = createProcessRecognition(clock);

  function isValid(grant: Grant): boolean {
    return grant.expiresAtMs > clock.nowMs() && (grant.boundTo === undefined || isSameProcess(grant.boundTo));
  }

  const inTurn = createSerialQueue();
  /** Saves the grants as they are when the write starts. */
  const save = () => inTurn(() => deps.file.write({ grants: [...byPath.values()] }));

  async function remove(grants: readonly StoredGrant[], how: 'revoked' | 'ended', by: Actor): Promise<void> {
    if (grants.length === 0) return;
    for (const grant of grants) if (drop(grant)) deps.onGone(grant, how, by);
    for (const [pathSecret, { grant }] of proven) if (!byPath.has(grant.pathHash)) proven.delete(pathSecret);
    await Promise.all(grants.map(({ id }) => rm(join(deps.directory, id), { recursive: true, force: true })));
    await save();
  }

  /** `key` is where the proof is remembered. Compares even without a grant, so that the time does not tell whether there is one. */
  function prove(key: string, token: string, findStored: () => StoredGrant | undefined): Grant | undefined {
    const known = proven.get(key);
    if (known !== undefined && isToken(known, token)) return isValid(known.grant) ? known.grant : undefined;
    const grant = findStored();
    const isRight = timingSafeEqual(Buffer.from(hash(token)), Buffer.from(grant?.tokenHash ?? hash('')));
    if (grant === undefined || !isRight || !isValid(grant)) return undefined;
    const proof = Buffer.from(token);
    proven.set(key, { grant, token: proof, given: Buffer.alloc(proof.length) });
    return grant;
  }

  return {
    haveGaps,
    async issue({ lifetimeSeconds, ...terms }) {
      const pathSecret = deps.randomBytes(SECRET_BYTES).toString('base64url');
      const token = deps.randomBytes(SECRET_BYTES).toString('base64url');
      const nowMs = clock.nowMs();
      const grant: Grant = {
        id: deps.randomBytes(8).toString('hex'),
        createdAtMs: nowMs,
        expiresAtMs: nowMs + lifetimeSeconds * 1000,
        ...terms,
      };
      const stored = { ...grant, pathHash: hash(pathSecret), tokenHash: hash(token) };
      keep(stored);
      try {
        await save();
      } catch (error) {
        drop(stored);
        throw error;
      }
      return { grant, pathSecret, token };
    },
    find: (pathSecret, token) =>
      prove(pathSecret, token, () => {
        const grant = byPath.get(hash(pathSecret));
        return grant?.hasSocket === true ? undefined : grant;
      }),
    findOfSocket: (id, token) =>
      prove(`socket ${id}`, token, () =>
        [...byPath.values()].find((grant) => grant.id === id && grant.hasSocket === true),
      ),
    get: (id) => [...byPath.values()].find((grant) => grant.id === id && isValid(grant)),
    list: () => [...byPath.values()].filter(isValid),
    async revoke(id, by) {
      const grants = [...byPath.values()].filter((grant) => grant.id === id);
      await remove(grants, 'revoked', by);
      return grants.length > 0;
    },
    revokeSession(sessionName, by) {
      const ofSession = ({ role }: Grant) => role !== 'current' && role.sessionName === sessionName;
      return remove([...byPath.values()].filter(ofSession), 'revoked', by);
    },
    revokeOfPort: () =>
      remove(
        [...byPath.values()].filter((grant) => grant.hasSocket !== true),
        'revoked',
        'daemon',
      ),
    sweep: () =>
      remove(
        [...byPath.values()].filter((grant) => !isValid(grant)),
        'ended',
        'daemon',
      ),
  };
}

/** Compares in constant time. */
function isToken({ token, given }: ProvenGrant, asked: string): boolean {
  if (asked.length !== given.length || given.write(asked) !== given.length) return false;
  return timingSafeEqual(given, token);
}

function isStoredGrant(candidate: unknown): candidate is StoredGrant {
  const { id, role, createdAtMs, expiresAtMs, boundTo, hasSocket, purpose, hop, pathHash, tokenHash } = (candidate ??
    {}) as Partial<StoredGrant>;
  return (
    typeof id === 'string' &&
    GRANT_ID.test(id) &&
    (role === 'current' ? hop === undefined : isRole(role) && isReachable(role, hop)) &&
    isEpochMs(createdAtMs) &&
    isEpochMs(expiresAtMs) &&
    expiresAtMs - createdAtMs <= MAX_LIFETIME_MS &&
    (boundTo === undefined || Number.isInteger((boundTo as ProcessIdentity | null)?.processId)) &&
    ['undefined', 'boolean'].includes(typeof hasSocket) &&
    ['undefined', 'string'].includes(typeof purpose) &&
    [pathHash, tokenHash].every((digest) => typeof digest === 'string' && SHA256.test(digest))
  );
}

/** A hop without its own definition is dropped: nothing else is served in its place. */
function isReachable(role: Role, hop: unknown): boolean {
  return isUnnamedChain(role) ? parseHop(role, hop) !== undefined : hop === undefined;
}

/** Without what else the file says about the hop. */
function withOwnHop(grant: StoredGrant): StoredGrant {
  const hop = grant.role === 'current' ? undefined : parseHop(grant.role, grant.hop);
  return hop === undefined ? grant : { ...grant, hop };
}

/** Without a readable file there are no grants; callers ask for new ones. */
async function readStored(file: StateFile, log: Log): Promise<readonly StoredGrant[]> {
  try {
    const stored = (await file.read())?.['grants'];
    return Array.isArray(stored) ? stored.filter(isStoredGrant).map(withOwnHop) : [];
  } catch (error) {
    log('warn', `cannot read the saved grants: ${(error as Error).message}`);
    return [];
  }
}

/** Removes files of unknown grants, left by a daemon that was killed while it removed them. */
async function removeOrphans(directory: string, known: ReadonlySet<string>): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  const orphans = names.filter((name) => GRANT_ID.test(name) && !known.has(name));
  await Promise.all(
    orphans.map((name) => rm(join(directory, name), { recursive: true, force: true }).catch(() => undefined)),
  );
}

function hash(secret: string): string {
  return digest('sha256', secret, 'base64');
}
