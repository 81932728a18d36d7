// Maintains the AWS CLI's own token file for native SSO profiles: writes and renews it, deletes it when the session ends.
import { isOfSession } from '../../aws-config/sessions/sso-sessions.ts';
import type { Clock } from '../../core/clock.ts';
import { SignInRequiredError, toRolecallError } from '../../core/errors.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { isSameStartUrl } from '../../core/aws/start-url.ts';
import type { Broker } from '../../sso/broker.ts';
import { createPerSession } from '../../sso/session/per-session.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig, SharedConfigReading } from '../shared-config/shared-config.ts';
import { createKeptTokenFiles } from './kept-token-files.ts';

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
  /** While true there are no files: programs could use their tokens without asking the daemon. */
  readonly isLocked?: () => boolean;
}): TokenFiles {
  const { broker, clock, problems } = deps;
  const isLocked = deps.isLocked ?? (() => false);
  const isOff = deps.settings.tokenCache === 'never';
  const files = createKeptTokenFiles({ ...deps, isLocked });

  async function keep(session: SsoSession, options: { readonly justSignedIn?: boolean } = {}): Promise<void> {
    const keys = findKeys(session, await deps.sharedConfig.read());
    // Also removes a file written before the setting was changed.
    if (isOff || isLocked() || (await broker.describe(session)).state !== 'live') return remove(session);
    for (const key of files.keysOf(session)) if (!keys.has(key)) await files.remove(session, key);
    // Until it is known who signed in, keep the old file: its token belongs to an ended session.
    if (!broker.isServing(session) && broker.needsUserCheck(session)) return;
    for (const key of keys.keys()) {
      try {
        await files.keep(session, key, options.justSignedIn === true);
      } catch (error) {
        if (error instanceof SignInRequiredError || isLocked()) return remove(session);
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

  async function remove(session: SsoSession): Promise<void> {
    const reading = await deps.sharedConfig.read().catch(() => ({ nativeProfiles: [] }));
    const spelled = findKeys(session, reading).keys();
    for (const key of new Set([...files.keysOf(session), ...spelled])) await files.remove(session, key);
  }

  return {
    keep,
    remove,
    async keepAll() {
      const { sessions } = await deps.sharedConfig.read();
      portals = groupByPortal(sessions);
      await keepPortals(portals.flatMap(([first]) => first ?? []));
      await files.removeExcept(new Set(sessions.map(({ sessionName }) => sessionName)));
    },
    causes(session, reading) {
      if (isOff) return [];
      const keys = findKeys(session, reading);
      const byHand = [...keys.values()].flat();
      return keys.size > 0 && byHand.length === 0 ? ['(profiles that rolecall wrote with style = "sso")'] : byHand;
    },
  };
}

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

function groupByPortal(sessions: readonly SsoSession[]): SsoSession[][] {
  const portals: SsoSession[][] = [];
  for (const session of sessions) {
    const portal = portals.find(([first]) => first !== undefined && isSameStartUrl(first.startUrl, session.startUrl));
    if (portal === undefined) portals.push([session]);
    else portal.push(session);
  }
  return portals;
}
