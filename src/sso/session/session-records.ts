// Session records in memory and in the secret store: changed in memory at once, in the store now or by a later `flush`.
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError, type RolecallError } from '../../core/errors.ts';
import type { EndpointsOf, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { sessionOver, signInRequired } from '../faults.ts';
import { formatIssuer, sessionSecretName } from '../issuer.ts';
import type { SecretStore } from '../ports.ts';
import { createSecretWrites } from './secret-writes.ts';
import { hasOutlived, observeSessionLength } from './session-clock.ts';
import { formatSessionRecord, parseSessionRecord, type SessionRecord, type SessionTokens } from './session-record.ts';

export interface SessionRecords {
  /** The record of this session, read from the store the first time; one of another issuer counts as absent. */
  load(session: SsoSession): Promise<SessionRecord | undefined>;
  /** @throws SignInRequiredError sign-in-required: no record; sign-in-expired: a record without tokens */
  currentTokens(session: SsoSession): Promise<SessionTokens>;
  /** What `load` would return, without the secrets in it; does not bring them back into memory. */
  summarize(session: SsoSession): Promise<RecordSummary | undefined>;
  /**
   * Drops from memory what the store has, except of sessions that are `busy`. It is read again when it is needed.
   * Does nothing with a store that is this process's memory.
   */
  seal(busy: (secretName: string) => boolean): void;
  /** The tokens in memory, without reading the store. */
  peekTokens(session: SsoSession): SessionTokens | undefined;
  /** Whether the store lacks the latest change of the record. */
  isUnsaved(session: SsoSession): boolean;
  /** Stores a new sign-in. */
  start(session: SsoSession, signedInAtMs: number, tokens: SessionTokens): Promise<void>;
  /** Stores other tokens for the same sign-in, or none when it has ended. */
  replaceTokens(session: SsoSession, tokens: SessionTokens | undefined): Promise<void>;
  /**
   * Deletes the record: in memory before this returns, in the store when it resolves. Returns its tokens, for
   * sso:Logout, and why they could not be read or deleted, if so.
   */
  remove(session: SsoSession): Promise<{ readonly tokens?: SessionTokens; readonly failure?: RolecallError }>;
  /** The tokens of removed records that could not be read then and can be now; each is returned once. Never rejects. */
  takeUnreadRemovals(): Promise<readonly { readonly session: SsoSession; readonly tokens: SessionTokens }[]>;
  /** Learns the session's length from its end; `tokens` are the last ones. Stored with the next change of the record. */
  observeEnd(session: SsoSession, tokens: SessionTokens): void;
  /** Forgets a learned length that the session has outlived. */
  observeLife(session: SsoSession): void;
  /** Retries what the store refused earlier; never rejects. */
  flush(): Promise<void>;
}

/** A session record without its secrets. */
export interface RecordSummary extends Omit<SessionRecord, 'tokens'> {
  readonly tokens?: Pick<SessionTokens, 'issuedAtMs' | 'expiresAtMs'> & { readonly canRefresh: boolean };
}

export function createSessionRecords(deps: {
  readonly secretStore: SecretStore;
  readonly endpointsOf: EndpointsOf;
  readonly clock: Clock;
  readonly problems: Problems;
}): SessionRecords {
  const { clock, endpointsOf, secretStore } = deps;
  /** null: the store was read and has none. */
  const records = new Map<string, SessionRecord | null>();
  /** Of the records that were dropped from memory and are in the store. */
  const sealed = new Map<string, RecordSummary>();
  /** The store's revision when it had no record of that name. */
  const absentAt = new Map<string, string>();
  const writes = createSecretWrites(deps);
  /** Removed records that the store still has because it could be neither read nor changed. */
  const unreadRemovals = new Map<string, SsoSession>();
  /** Observed session lengths; kept after a sign-out, because the next session is as long. */
  const lengths = new Map<string, number>();
  const loading = createSingleFlight<SessionRecord | undefined>();

  const nameOf = (session: SsoSession) => sessionSecretName(session, endpointsOf(session));
  const lengthKeyOf = (session: SsoSession) => `${nameOf(session)}\0${formatIssuer(session, endpointsOf(session))}`;
  const isOfSession = (record: SessionRecord | null | undefined, session: SsoSession): record is SessionRecord =>
    record?.issuer === formatIssuer(session, endpointsOf(session));

  function peek(session: SsoSession): SessionRecord | undefined {
    const record = records.get(nameOf(session));
    return isOfSession(record, session) ? record : undefined;
  }

  async function load(session: SsoSession): Promise<SessionRecord | undefined> {
    const name = nameOf(session);
    if (isAbsenceOutdated(name)) records.delete(name);
    const cached = records.get(name);
    const record = cached === undefined ? await loading.run(name, () => read(name)) : cached;
    if (!isOfSession(record, session)) return undefined;
    sealed.delete(name);
    if (cached === undefined && record.observedLengthMs !== undefined) {
      lengths.set(lengthKeyOf(session), record.observedLengthMs);
    }
    return record;
  }

  /** The previous daemon may have written its sign-ins after this one looked for them. */
  function isAbsenceOutdated(name: string): boolean {
    if (records.get(name) !== null) return false;
    const revision = absentAt.get(name);
    return revision !== undefined && revision !== secretStore.revision?.();
  }

  async function read(name: string): Promise<SessionRecord | undefined> {
    const revision = secretStore.revision?.();
    const stored = await secretStore.load(name);
    // A change made while the store was being read is newer.
    const changed = records.get(name);
    if (changed !== undefined) return changed ?? undefined;
    const record = stored === undefined ? undefined : parseSessionRecord(stored, name);
    records.set(name, record ?? null);
    if (record === undefined && revision !== undefined) absentAt.set(name, revision);
    else absentAt.delete(name);
    return record;
  }

  async function save(session: SsoSession, changed: Omit<SessionRecord, 'observedLengthMs'>): Promise<void> {
    const name = nameOf(session);
    const { issuer, signedInAtMs, tokens } = changed;
    const observedLengthMs = lengths.get(lengthKeyOf(session));
    const record: SessionRecord = {
      issuer,
      signedInAtMs,
      ...(tokens === undefined ? {} : { tokens }),
      ...(observedLengthMs === undefined ? {} : { observedLengthMs }),
    };
    records.set(name, record);
    sealed.delete(name);
    writes.want(name, { secret: formatSessionRecord(record), loss: lossOf(session, record) });
    await writes.write(name);
  }

  /** A sign-out continues without tokens that cannot be read, but reports it. */
  async function readForRemoval(name: string): Promise<{ record?: SessionRecord; failure?: RolecallError }> {
    try {
      const stored = await secretStore.load(name);
      return stored === undefined ? {} : { record: parseSessionRecord(stored, name) };
    } catch (cause) {
      return {
        failure: new UnavailableError(
          'secret-store-unavailable',
          'The stored tokens could not be read, so AWS was not told to end the session; they are deleted here.',
          { cause },
        ),
      };
    }
  }

  return {
    load,
    async summarize(session) {
      const kept = sealed.get(nameOf(session));
      if (kept?.issuer === formatIssuer(session, endpointsOf(session))) return kept;
      const record = await load(session);
      return record && summarize(record);
    },
    seal(busy) {
      if (secretStore.driver === 'memory') return;
      for (const [name, record] of records) {
        if (record === null || writes.isUnsaved(name) || busy(name)) continue;
        records.delete(name);
        sealed.set(name, summarize(record));
      }
    },
    async currentTokens(session) {
      const record = await load(session);
      if (record === undefined) throw signInRequired(session.sessionName);
      if (record.tokens === undefined) throw sessionOver(session.sessionName);
      return record.tokens;
    },
    isUnsaved: (session) => writes.isUnsaved(nameOf(session)),
    peekTokens: (session) => records.get(nameOf(session))?.tokens,
    async start(session, signedInAtMs, tokens) {
      unreadRemovals.delete(nameOf(session));
      await save(session, { issuer: formatIssuer(session, endpointsOf(session)), signedInAtMs, tokens });
    },
    async replaceTokens(session, tokens) {
      const record = peek(session);
      if (record === undefined) return;
      const { issuer, signedInAtMs } = record;
      await save(session, { issuer, signedInAtMs, ...(tokens === undefined ? {} : { tokens }) });
    },
    async remove(session) {
      const name = nameOf(session);
      const cached = records.get(name);
      records.set(name, null);
      sealed.delete(name);
      // The record that the store still has must not come back.
      absentAt.delete(name);
      writes.want(name, { secret: null, loss: lossOf(session) });
      const { record, failure: unread } =
        cached === undefined || unreadRemovals.has(name) ? await readForRemoval(name) : { record: cached };
      const unwritten = await writes.write(name);
      if (unread !== undefined && unwritten !== undefined) unreadRemovals.set(name, session);
      else unreadRemovals.delete(name);
      const failure = unwritten ?? unread;
      const tokens = isOfSession(record, session) ? record.tokens : undefined;
      return { ...(tokens === undefined ? {} : { tokens }), ...(failure === undefined ? {} : { failure }) };
    },
    async takeUnreadRemovals() {
      const found = [];
      for (const [name, session] of unreadRemovals) {
        const { record, failure } = await readForRemoval(name);
        // A sign-in or another sign-out has taken care of it in the meantime.
        if (failure !== undefined || !unreadRemovals.delete(name)) continue;
        if (isOfSession(record, session) && record.tokens !== undefined) found.push({ session, tokens: record.tokens });
      }
      return found;
    },
    observeEnd(session, tokens) {
      const record = peek(session);
      const lengthMs = record && observeSessionLength(record.signedInAtMs, tokens.issuedAtMs, clock.nowMs());
      if (lengthMs !== undefined) lengths.set(lengthKeyOf(session), lengthMs);
    },
    observeLife(session) {
      const record = peek(session);
      const lengthMs = lengths.get(lengthKeyOf(session));
      if (record === undefined || lengthMs === undefined) return;
      if (hasOutlived(record.signedInAtMs, lengthMs, clock.nowMs())) lengths.delete(lengthKeyOf(session));
    },
    flush: () => writes.flush(),
  };
}

function summarize({ tokens, ...rest }: SessionRecord): RecordSummary {
  if (tokens === undefined) return rest;
  const { issuedAtMs, expiresAtMs, refresh } = tokens;
  return { ...rest, tokens: { issuedAtMs, expiresAtMs, canRefresh: refresh !== undefined } };
}

/** What goes wrong if the daemon restarts before the store has the record, or has deleted it. */
function lossOf({ sessionName }: SsoSession, record?: SessionRecord): string {
  if (record === undefined) {
    return `Until it is deleted there, a restart of the daemon brings back the sign-in to ${sessionName} that you ended.`;
  }
  if (record.tokens === undefined) {
    return `Until it is saved, a restarted daemon does not know that the sign-in to ${sessionName} has ended.`;
  }
  return `Until it is saved, the sign-in to ${sessionName} exists only in memory: credentials keep working, but after a restart of the daemon you have to sign in again.`;
}
