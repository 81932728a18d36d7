// Upkeep of the AWS CLI's own token file, for profiles in AWS's native form: written, renewed, and gone with the session.
import { deleteTokenFile, readTokenFileState, tokenFilePath, writeTokenFile } from '../aws-config/token-file.ts';
import type { Clock } from '../core/clock.ts';
import { SignInRequiredError, toRolecallError } from '../core/errors.ts';
import type { SsoSession } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import type { Broker } from '../sso/broker.ts';
import type { Settings } from './settings.ts';
import type { SharedConfig, SharedConfigReading } from './shared-config.ts';

export interface TokenFiles {
  /** Brings the files of one session up to date; a failure is raised as a problem. */
  keep(session: SsoSession, options?: { readonly justSignedIn?: boolean }): Promise<void>;
  /** All sessions. */
  keepAll(): Promise<void>;
  /** Deletes those that are ours. */
  remove(session: SsoSession): Promise<void>;
  /** For whose sake a session's token is in clear: names of profiles. */
  causes(session: SsoSession, reading: SharedConfigReading): readonly string[];
}

export function createTokenFiles(deps: {
  readonly homeDirectory: string;
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'accessToken' | 'describe' | 'verifyLive'>;
  readonly clock: Clock;
  readonly problems: Problems;
}): TokenFiles {
  const { broker, clock, problems } = deps;
  const isOff = deps.settings.tokenCache === 'never';
  /** What we wrote last, by path: an unchanged token needs no write. */
  const writtenTokens = new Map<string, string>();

  /** The names that the token files of a session go by, each with the profiles that look for it. */
  function findKeys(session: SsoSession, { nativeProfiles }: SharedConfigReading): Map<string, string[]> {
    const keys = new Map<string, string[]>();
    for (const profile of nativeProfiles) {
      const isOfSession =
        profile.form === 'sso-session'
          ? profile.sessionName === session.sessionName
          : profile.startUrl === session.startUrl && profile.region === session.region;
      if (!isOfSession) continue;
      const key = profile.form === 'sso-session' ? profile.sessionName : profile.startUrl;
      keys.set(key, [...(keys.get(key) ?? []), ...(profile.writtenBy === 'hand' ? [profile.profileName] : [])]);
    }
    return keys;
  }

  async function keepFile(session: SsoSession, key: string, justSignedIn: boolean): Promise<void> {
    const path = tokenFilePath(deps.homeDirectory, key);
    const before = await readTokenFileState(path, clock.nowMs());
    if (before === 'absent' && !justSignedIn && !(await broker.verifyLive(session))) {
      // Somebody deleted it, as `aws sso logout` does after it has revoked the session.
      return;
    }
    const { secret, expiresAtMs } = await broker.accessToken(session);
    if (before === 'ours' && writtenTokens.get(path) === secret.reveal()) return;
    const { startUrl, region } = session;
    const state = await writeTokenFile(path, { startUrl, region, accessToken: secret, expiresAtMs }, clock.nowMs());
    if (state === 'foreign-unexpired') {
      problems.raise(`token file ${key}`, {
        code: 'token-file-not-ours',
        message: `The AWS CLI's own login is in the token file of ${session.sessionName}; it was left as it is until it expires.`,
        hint: `aws sso logout`,
        session: session.sessionName,
      });
      return;
    }
    writtenTokens.set(path, secret.reveal());
    problems.clear(`token file ${key}`);
  }

  async function keep(session: SsoSession, options: { readonly justSignedIn?: boolean } = {}): Promise<void> {
    if (isOff) return;
    const keys = findKeys(session, await deps.sharedConfig.read());
    if (keys.size === 0) return remove(session);
    if ((await broker.describe(session)).state !== 'live') return remove(session);
    for (const key of keys.keys()) {
      try {
        await keepFile(session, key, options.justSignedIn === true);
      } catch (error) {
        if (error instanceof SignInRequiredError) return remove(session);
        problems.raise(`token file ${key}`, { ...toRolecallError(error).toBody(), session: session.sessionName });
      }
    }
  }

  async function remove(session: SsoSession): Promise<void> {
    for (const key of [session.sessionName, session.startUrl]) {
      const path = tokenFilePath(deps.homeDirectory, key);
      problems.clear(`token file ${key}`);
      writtenTokens.delete(path);
      await deleteTokenFile(path);
    }
  }

  return {
    keep,
    remove,
    async keepAll() {
      if (isOff) return;
      for (const session of (await deps.sharedConfig.read()).sessions) await keep(session);
    },
    causes(session, reading) {
      if (isOff) return [];
      const keys = findKeys(session, reading);
      const byHand = [...keys.values()].flat();
      return keys.size > 0 && byHand.length === 0 ? ['(those that rolecall wrote with style = "sso")'] : byHand;
    },
  };
}
