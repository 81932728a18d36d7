// POST /v1/web-code and POST /v1/web-token.
import { RefusedError } from '../../core/errors.ts';
import type { IsOwnPeer } from '../../platform/loopback-peer.ts';
import type { AuditLog } from '../audit-log.ts';
import type { Log } from '../log.ts';
import type { Responders } from '../surface.ts';
import type { WebAccess } from '../web-access.ts';

export function createWebAccessResponders(deps: {
  readonly webAccess: WebAccess;
  readonly isOwnPeer: IsOwnPeer;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly log: Log;
}): Pick<Responders, 'webCode' | 'webToken'> {
  const { webAccess } = deps;
  return {
    webCode: async () => webAccess.issueCode(),
    async webToken({ body }, { connection }) {
      // The browser has the code among its arguments, where every user of the machine can read it.
      if (!(await deps.isOwnPeer(connection))) {
        deps.log('warn', "a program of another user tried to exchange a page's code, and was refused");
        deps.audit.record({ event: 'web-code-refused', surface: 'web' });
        throw new RefusedError('caller-not-allowed', 'The code is exchanged for a program of its own user only.', {
          hint: 'rolecall web',
        });
      }
      return { token: webAccess.exchange(body.code) };
    },
  };
}
