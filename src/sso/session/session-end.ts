// What happens when AWS has ended a session: its tokens are deleted, and a problem says so until the next sign-in.
import type { SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { Secret } from '../../core/secret.ts';
import { sessionOver } from '../faults.ts';
import type { SessionRecords } from './session-records.ts';

export interface SessionEnding {
  /** Marks the session as ended because its access token `refused` is useless; does nothing if there is a newer token. */
  end(session: SsoSession, refused: Secret): Promise<void>;
  /** The session is refreshed again, or needs no refresh any more. */
  clearRefreshProblem(session: SsoSession): void;
  /** A new sign-in or a sign-out: neither the end nor a failed refresh is a problem any more. */
  clearProblems(session: SsoSession): void;
}

export function createSessionEnding(deps: {
  readonly records: Pick<SessionRecords, 'load' | 'replaceTokens'>;
  readonly problems: Problems;
}): SessionEnding {
  const { problems, records } = deps;
  const clearRefreshProblem = ({ sessionName }: SsoSession) => problems.clear(refreshProblemKey(sessionName));
  return {
    async end(session, refused) {
      const record = await records.load(session);
      if (record?.tokens === undefined || record.tokens.accessToken.reveal() !== refused.reveal()) return;
      const { sessionName } = session;
      problems.raise(`session ${sessionName}`, { ...sessionOver(sessionName).toBody(), session: sessionName });
      clearRefreshProblem(session);
      await records.replaceTokens(session, undefined);
    },
    clearRefreshProblem,
    clearProblems(session) {
      problems.clear(`session ${session.sessionName}`);
      clearRefreshProblem(session);
    },
  };
}

export function refreshProblemKey(sessionName: string): string {
  return `refresh ${sessionName}`;
}
