// The end of a session at AWS: sso:Logout with an access token that the portal takes, refreshed for it when need be.
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { describeFault, isFault } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';
import type { SessionTokens } from './session-record.ts';

/** `note` is a sentence for the person: why the session goes on at AWS. */
export type LogoutOutcome = { readonly endedAtAws: true } | { readonly endedAtAws: false; readonly note: string };

export const ENDED: Readonly<LogoutOutcome> = { endedAtAws: true };

/**
 * Ends the session at AWS with tokens that were dropped here. The portal takes no expired access token, so after an idle
 * hour they are refreshed first. Never rejects.
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Logout.html
 */
export async function logOut(
  deps: {
    readonly identityCenter: IdentityCenter;
    readonly accessTokens: Pick<AccessTokens, 'afterRefresh'>;
    readonly registrations: Pick<ClientRegistrations, 'findIssuer'>;
    readonly clock: Clock;
  },
  session: SsoSession,
  dropped: SessionTokens,
): Promise<LogoutOutcome> {
  const { identityCenter } = deps;
  try {
    const tokens = await deps.accessTokens.afterRefresh(session, dropped);
    const isExpired = tokens.expiresAtMs <= deps.clock.nowMs();
    if (!isExpired && (await tellPortal(tokens.accessToken))) return ENDED;
    const { refresh } = tokens;
    const registration = refresh && (await deps.registrations.findIssuer(session, refresh));
    if (refresh === undefined || registration === undefined) {
      // The portal has refused a token before its time: the session is over. Of an expired one nobody can tell.
      return isExpired ? livesOn(session, 'Its access token has expired and cannot be refreshed.') : ENDED;
    }
    const renewed = await identityCenter.createTokenByRefreshToken(session, registration, refresh.refreshToken);
    await tellPortal(renewed.accessToken);
    return ENDED;
  } catch (fault) {
    if (isFault(fault, 'invalid-grant')) return ENDED;
    return livesOn(session, describeFault(fault, session.sessionName).message);
  }

  /** False when the portal does not take the token. */
  async function tellPortal(accessToken: SessionTokens['accessToken']): Promise<boolean> {
    try {
      await identityCenter.logout(session, accessToken);
      return true;
    } catch (fault) {
      if (isFault(fault, 'unauthorized')) return false;
      throw fault;
    }
  }
}

function livesOn({ sessionName }: SsoSession, reason: string): LogoutOutcome {
  return {
    endedAtAws: false,
    note: `The session of ${sessionName} could not be ended at AWS and lives on there until it expires. ${reason}`,
  };
}
