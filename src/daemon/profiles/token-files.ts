// Maintains the AWS CLI's own token file for native SSO profiles: writes and renews it, deletes it when the session ends.
import { isOfSession } from '../../aws-config/sessions/sso-sessions.ts';
import {
  deleteTokenFile,
  readTokenFileState,
  tokenFilePath,
  writeTokenFile,
} from '../../aws-config/files/token-file.ts';
import type { Clock } from '../../core/clock.ts';
import { SignInRequiredError, toRolecallError } from '../../core/errors.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { isSameStartUrl } from '../../core/aws/start-url.ts';
import { createRetryPauses } from '../../sso/resilience/back-off.ts';
import type { Broker } from '../../sso/broker.ts';
import { createPerSession } from '../../sso/session/per-session.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig, SharedConfigReading } from '../shared-config/shared-config.ts';

export interface TokenFiles {
  /** Updates the files of one session; a failure is raised as a problem. */
  keep(session: SsoSession, options?: { readonly justSignedIn?: boolean }): Promise<void>;
  /** Updates the files of all sessions. */
  keepAll(): Promise<void>;
  /** Deletes the session's files that rolecall wrote. */
  remove(session: SsoSession): Promise<void>;
  /** The profiles that need the session's token in a plain file. */
  causes(session: SsoSession, reading: Pick<SharedConfigReading, 'nativeProfiles'>): readonly string[];
}

/** About 100 attempts a day. */
const PAUSE = { firstPauseMs: 30_000, maxPauseMs: 15 * 60_000 } as const;

export function createTokenFiles(deps: {
  readonly homeDirectory: string;
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'accessToken' | 'describe' | 'isServing' | 'needsUserCheck' | 'verifyLive'>;
  readonly clock: Clock;
  /** How far this machine's clock is ahead of AWS's. Readers of the file compare with the local clock. */
  readonly clockAheadMs: () => number;
  readonly random: () => number;
  readonly problems: Problems;
}): TokenFiles {
  const { broker, clock, problems } = deps;
  /** Both by path. */
  const askPauses = createRetryPauses(deps, PAUSE);
  const writePauses = createRetryPauses(deps, PAUSE);
  const isOff = deps.settings.tokenCache === 'never';
  /** The last write by path: avoids rewriting the same token, and records which session owns a start URL's file. */
  const written = new Map<string, { readonly sessionName: string; readonly key: string; readonly token: string }>();

  /** The keys of a session's token files (session name or start URL), each with the hand-written profiles that use it. */
  function findKeys(
    session: SsoSession,
    { nativeProfiles }: Pick<SharedConfigReading, 'nativeProfiles'>,
  ): Map<string, string[]> {
    const keys = new Map<string, string[]>();
    for (const profile of nativeProfiles) {
      if (!isOfSession(profile, session)) continue;
      const key = profile.form === 'sso-session' ? profile.sessionName : profile.startUrl;
      keys.set(key, [...(keys.get(key) ?? []), ...(profile.writtenBy === 'hand' ? [profile.profileName] : [])]);
    }
    return keys;
  }

  /** Whether another session with the same start URL owns this file; otherwise the two would overwrite each other forever. */
  function isAnothers(path: string, session: SsoSession): boolean {
    const keeper = written.get(path)?.sessionName;
    return keeper !== undefined && keeper !== session.sessionName;
  }

  async function keepFile(session: SsoSession, key: string, justSignedIn: boolean): Promise<void> {
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
    // A sign-out during the write found nothing to delete.
    if ((await broker.describe(session)).state !== 'live') await removeFile(session, key);
  }

  async function keep(session: SsoSession, options: { readonly justSignedIn?: boolean } = {}): Promise<void> {
    const keys = findKeys(session, await deps.sharedConfig.read());
    // Also removes a file written before the setting was changed.
    if (isOff || (await broker.describe(session)).state !== 'live') return remove(session);
    for (const key of ownKeys(session)) if (!keys.has(key)) await removeFile(session, key);
    // Until it is known who signed in, keep the old file: its token belongs to an ended session.
    if (!broker.isServing(session) && broker.needsUserCheck(session)) return;
    for (const key of keys.keys()) {
      try {
        await keepFile(session, key, options.justSignedIn === true);
      } catch (error) {
        if (error instanceof SignInRequiredError) return remove(session);
        problems.raise(`token file ${key}`, { ...toRolecallError(error).toBody(), session: session.sessionName });
      }
    }
  }

  /** Sessions grouped by start URL, in config file order: the first live one owns the file of the start URL. */
  let portals: readonly (readonly SsoSession[])[] = [];
  const keepPortals = createPerSession({
    clock,
    async work(first) {
      const portal = portals.find(([leader]) => leader === first) ?? [];
      for (const session of portal) {
        await keep(session).catch(raiseProblem(session));
      }
    },
    onFailure: (session, error) => raiseProblem(session)(error),
  });

  function raiseProblem({ sessionName }: SsoSession): (error: unknown) => void {
    return (error) =>
      problems.raise(`token file ${sessionName}`, { ...toRolecallError(error).toBody(), session: sessionName });
  }

  /** The keys that the session's files may have, whatever the config file says now. */
  function ownKeys({ sessionName, startUrl }: SsoSession): Set<string> {
    const ofSession = [...written.values()].filter((file) => file.sessionName === sessionName);
    return new Set([sessionName, startUrl, ...ofSession.map(({ key }) => key)]);
  }

  async function remove(session: SsoSession): Promise<void> {
    const reading = await deps.sharedConfig.read().catch(() => ({ nativeProfiles: [] }));
    const spelled = findKeys(session, reading).keys();
    for (const key of new Set([...ownKeys(session), ...spelled])) await removeFile(session, key);
  }

  async function removeFile(session: SsoSession, key: string): Promise<void> {
    const path = tokenFilePath(deps.homeDirectory, key);
    if (isAnothers(path, session)) return;
    problems.clear(`token file ${key}`);
    written.delete(path);
    await deleteTokenFile(path);
  }

  return {
    keep,
    remove,
    async keepAll() {
      const { sessions } = await deps.sharedConfig.read();
      portals = groupByPortal(sessions);
      await keepPortals(portals.flatMap(([first]) => first ?? []));
      // Delete the files of sessions that are no longer in the config file.
      for (const [path, { sessionName }] of written) {
        if (sessions.some((session) => session.sessionName === sessionName)) continue;
        written.delete(path);
        await deleteTokenFile(path);
      }
    },
    causes(session, reading) {
      if (isOff) return [];
      const keys = findKeys(session, reading);
      const byHand = [...keys.values()].flat();
      return keys.size > 0 && byHand.length === 0 ? ['(profiles that rolecall wrote with style = "sso")'] : byHand;
    },
  };
}

function groupByPortal(sessions: readonly SsoSession[]): SsoSession[][] {
  const portals: SsoSession[][] = [];
  for (const session of sessions) {
    const portal = portals.find(([first]) => first !== undefined && isSameStartUrl(first.startUrl, session.startUrl));
    if (portal === undefined) portals.push([session]);
    else portal.push(session);
  }
  return portals;
}
