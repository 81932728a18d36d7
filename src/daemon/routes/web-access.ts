// POST /v1/web-code and POST /v1/web-token.
import { UsageError } from '../../core/errors.ts';
import type { Responders } from '../surface.ts';
import type { WebAccess } from '../web-access.ts';

export function createWebAccessResponders(webAccess: WebAccess): Pick<Responders, 'webCode' | 'webToken'> {
  return {
    webCode: async () => webAccess.issueCode(),
    async webToken({ body }) {
      // The type says that there is one, the wire says nothing.
      if ((body as unknown) === undefined) throw new UsageError('invalid-request', 'The body must be a code.');
      return { token: webAccess.exchange(body.code) };
    },
  };
}
