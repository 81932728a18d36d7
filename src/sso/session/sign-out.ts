// Sign-out: stops serving the session, deletes its tokens, then ends it at AWS with sso:Logout.
import type { Clock } from '../../core/clock.ts';
import { errorFromBody } from '../../core/errors.ts';
import type { SsoSession } from '../../core/model.ts';
import { describeFault, isFault } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import type { SessionTokens } from './session-record.ts';

/** `note` is a sentence for the user: why the session stays alive at AWS. */
export type LogoutOutcome = { readonly endedAtAws: true } | { readonly endedAtAws: false; readonly note: string };

export interface SignOut {
  /**
   * Stops serving at once, deletes the tokens, then tells AWS; resolves even if AWS cannot be reached.
   * @throws UnavailableError secret-store-…: nothing is served any more, but the store could not be read or changed;
   * `finish` tries again
   */
  signOut(session: SsoSession): Promise<LogoutOutcome>;
  /** Ends at AWS the sessions whose tokens could not be read at their sign-out and can be now. Never rejects. */
  finish(): Promise<void>;
}

const ENDED = { endedAtAws: true } as const;

export function createSignOut(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: Pick<AccessTokens, 'drop' | 'afterRefresh' | 'takeUnreadSignOuts'>;
  readonly registrations: Pick<ClientRegistrations, 'findIssuer'>;
  readonly clock: Clock;
  /** Called synchronously, as are the deletions in memory: nothing that is requested from here on is served. */
  readonly onStarted: (session: SsoSession) => void;
}): SignOut {
  const { accessTokens, clock, identityCenter, registrations } = deps;

  /**
   * Ends the session at AWS with tokens that were dropped here. The portal refuses an expired access token, so after an
   * idle hour it is refreshed first. Never rejects.
   * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Logout.html
   */
  async function endAtAws(session: SsoSession, dropped: SessionTokens): Promise<LogoutOutcome> {
    try {
      const tokens = await accessTokens.afterRefresh(session, dropped);
      const isExpired = tokens.expiresAtMs <= clock.nowMs();
      if (!isExpired && (await logOut(session, tokens))) return ENDED;
      const { refresh } = tokens;
      const registration = refresh && (await registrations.findIssuer(session, refresh));
      if (refresh === undefined || registration === undefined) {
        // If the portal refuses a token that has not expired, the session is over. With an expired one nobody can tell.
        return isExpired ? staysAlive(session, 'Its access token has expired and cannot be refreshed.') : ENDED;
      }
      const refreshed = await identityCenter.createTokenByRefreshToken(session, registration, refresh.refreshToken);
      await logOut(session, refreshed);
      return ENDED;
    } catch (fault) {
      if (isFault(fault, 'invalid-grant')) return ENDED;
      return staysAlive(session, describeFault(fault, session.sessionName).message);
    }
  }

  /** False if the portal refuses the token. */
  async function logOut(session: SsoSession, { accessToken }: Pick<SessionTokens, 'accessToken'>): Promise<boolean> {
    try {
      await identityCenter.logout(session, accessToken);
      return true;
    } catch (fault) {
      if (isFault(fault, 'unauthorized')) return false;
      throw fault;
    }
  }

  return {
    async signOut(session) {
      deps.onStarted(session);
      const { tokens, failure } = await accessTokens.drop(session);
      const outcome = tokens === undefined ? ENDED : await endAtAws(session, tokens);
      if (failure === undefined) return outcome;
      if (outcome.endedAtAws) throw failure;
      throw errorFromBody({ ...failure.toBody(), message: `${failure.message} ${outcome.note}` });
    },
    async finish() {
      for (const { session, tokens } of await accessTokens.takeUnreadSignOuts()) await endAtAws(session, tokens);
    },
  };
}

function staysAlive({ sessionName }: SsoSession, reason: string): LogoutOutcome {
  return {
    endedAtAws: false,
    note: `The session of ${sessionName} could not be ended at AWS and stays active there until it expires. ${reason}`,
  };
}
