// Single token files: writes, renews and deletes the file of one key, and remembers which session wrote it.
import {
  deleteTokenFile,
  readTokenFileState,
  tokenFilePath,
  writeTokenFile,
} from '../../aws-config/files/token-file.ts';
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { Broker } from '../../sso/broker.ts';
import { createRetryPauses } from '../../sso/resilience/pauses.ts';

/** A key is the name or the start URL of a session, as profiles spell it. */
export interface KeptTokenFiles {
  /** Writes the file if it is missing, old or expired, with back-off unless `justSignedIn`. @throws as Broker.accessToken and writeTokenFile */
  keep(session: SsoSession, key: string, justSignedIn: boolean): Promise<void>;
  /** Deletes the file if rolecall wrote it and no other session owns it. */
  remove(session: SsoSession, key: string): Promise<void>;
  /** The keys that the session's files may have, whatever the config file says now. */
  keysOf(session: SsoSession): Set<string>;
  /** Deletes the files of all sessions that are not in `sessionNames`. */
  removeExcept(sessionNames: ReadonlySet<string>): Promise<void>;
}

/** About 100 attempts a day. */
const PAUSE = { firstPauseMs: 30_000, maxPauseMs: 15 * 60_000 } as const;

export function createKeptTokenFiles(deps: {
  readonly homeDirectory: string;
  readonly broker: Pick<Broker, 'accessToken' | 'describe' | 'verifyLive'>;
  readonly clock: Clock;
  /** How far this machine's clock is ahead of AWS's. Readers of the file compare with the local clock. */
  readonly clockAheadMs: () => number;
  readonly random: () => number;
  readonly problems: Problems;
  readonly isLocked: () => boolean;
}): KeptTokenFiles {
  const { broker, clock, problems } = deps;
  /** Both by path. */
  const askPauses = createRetryPauses(deps, PAUSE);
  const writePauses = createRetryPauses(deps, PAUSE);
  /** The last write by path: avoids rewriting the same token, and records which session owns a start URL's file. */
  const written = new Map<string, { readonly sessionName: string; readonly key: string; readonly token: string }>();

  /** Whether another session with the same start URL owns this file; otherwise the two would overwrite each other forever. */
  function isAnothers(path: string, session: SsoSession): boolean {
    const keeper = written.get(path)?.sessionName;
    return keeper !== undefined && keeper !== session.sessionName;
  }

  async function keep(session: SsoSession, key: string, justSignedIn: boolean): Promise<void> {
    const path = tokenFilePath(deps.homeDirectory, key);
    if (isAnothers(path, session) || (writePauses.isPaused(path) && !justSignedIn)) return;
    const before = await readTokenFileState(path, clock.nowMs());
    // The file was deleted; `aws sso logout` does that after revoking the session.
    if (before === 'absent' && !justSignedIn) {
      if (askPauses.isPaused(path)) return;
      // Back off until the file is seen in place: something may delete it every time.
      askPauses.failed(path);
      if (!(await broker.verifyLive(session))) return;
    }
    const { secret, expiresAtMs } = await broker.accessToken(session);
    if (before === 'ours' && written.get(path)?.token === secret.reveal()) {
      problems.clear(`token file ${key}`);
      return askPauses.succeeded(path);
    }
    const { sessionName, region } = session;
    const startUrl = key === sessionName ? session.startUrl : key;
    const content = { startUrl, region, accessToken: secret, expiresAtMs: expiresAtMs + deps.clockAheadMs() };
    const state = await writeTokenFile(path, content, clock.nowMs()).catch((error: unknown) => {
      writePauses.failed(path);
      throw error;
    });
    writePauses.succeeded(path);
    if (state === 'foreign-unexpired' || state === 'foreign-refreshable') {
      const reason =
        state === 'foreign-unexpired' ? 'because it has not expired' : 'because the AWS CLI can still refresh it';
      problems.raise(`token file ${key}`, {
        code: 'token-file-not-ours',
        message: `The token file of ${sessionName} holds the AWS CLI's own login and was not changed ${reason}.`,
        hint: 'aws sso logout',
        session: sessionName,
      });
      return;
    }
    written.set(path, { sessionName, key, token: secret.reveal() });
    problems.clear(`token file ${key}`);
    // A sign-out or a lock during the write found nothing to delete.
    if (deps.isLocked() || (await broker.describe(session)).state !== 'live') await remove(session, key);
  }

  async function remove(session: SsoSession, key: string): Promise<void> {
    const path = tokenFilePath(deps.homeDirectory, key);
    if (isAnothers(path, session)) return;
    problems.clear(`token file ${key}`);
    written.delete(path);
    await deleteTokenFile(path);
  }

  return {
    keep,
    remove,
    keysOf({ sessionName, startUrl }) {
      const ofSession = [...written.values()].filter((file) => file.sessionName === sessionName);
      return new Set([sessionName, startUrl, ...ofSession.map(({ key }) => key)]);
    },
    async removeExcept(sessionNames) {
      for (const [path, { sessionName }] of written) {
        if (sessionNames.has(sessionName)) continue;
        written.delete(path);
        await deleteTokenFile(path);
      }
    },
  };
}
