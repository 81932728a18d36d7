// Finds out who signed in to a session before anybody asks for credentials, and retries while STS can't be reached.
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import { createRetryPauses } from '../../sso/resilience/pauses.ts';
import type { Broker } from '../../sso/broker.ts';
import { sessionKey } from '../../sso/issuer.ts';
import { createPerSession } from '../../sso/session/per-session.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { TokenFiles } from '../profiles/token-files.ts';

const PAUSE = { firstPauseMs: 5 * 60_000, maxPauseMs: 60 * 60_000 } as const;

export interface UserChecks {
  /** Notifies the person of a different user; otherwise writes the token file that waited for this. Never rejects. */
  check(session: SsoSession, options: { readonly justSignedIn: boolean }): Promise<void>;
  /** Timed work: STS can be reachable again, or the daemon was restarted before the check. */
  checkAgain(): Promise<void>;
}

export function createUserChecks(deps: {
  readonly broker: Pick<Broker, 'checkUser' | 'describe' | 'isServing' | 'needsUserCheck' | 'signedInUser'>;
  readonly sharedConfig: Pick<SharedConfig, 'read'>;
  readonly notifier: Pick<Notifier, 'notify'>;
  readonly tokenFiles: Pick<TokenFiles, 'keep'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): UserChecks {
  const { broker } = deps;
  const pauses = createRetryPauses(deps, PAUSE);

  async function check(session: SsoSession, options: { readonly justSignedIn: boolean }): Promise<void> {
    if (!broker.needsUserCheck(session)) return;
    const { state, user = '', previousUser = '' } = await broker.checkUser(session);
    const { sessionName } = session;
    if (state === 'unconfirmed') {
      deps.log('warn', `a different user signed in to ${sessionName}`);
      await deps.notifier.notify({
        key: `user ${sessionName}`,
        title: `${user} signed in to ${sessionName}`,
        body: `${previousUser} was signed in before. rolecall serves no credentials of this session until you confirm the change: rolecall login`,
      });
    } else if (broker.isServing(session)) {
      await deps.tokenFiles.keep(session, options).catch(() => undefined);
    }
    deps.changes.announce();
  }

  const checkSessionsAgain = createPerSession({
    clock: deps.clock,
    async work(session) {
      const key = sessionKey(session);
      const hasFailed = broker.signedInUser(session).reason !== undefined;
      if (!broker.needsUserCheck(session) || (broker.isServing(session) && !hasFailed)) return pauses.succeeded(key);
      if (pauses.isPaused(key) || (await broker.describe(session)).state !== 'live') return;
      // Counts as failed until the user is known.
      pauses.failed(key);
      await check(session, { justSignedIn: false });
    },
    onFailure: ({ sessionName }, error) => deps.log('warn', `user of ${sessionName}: ${(error as Error).message}`),
  });

  return {
    check,
    checkAgain: async () => checkSessionsAgain((await deps.sharedConfig.read()).sessions),
  };
}
