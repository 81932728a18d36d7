// POST /v1/web-code and POST /v1/web-token.
import type { Handlers } from '../http/surface.ts';
import type { WebAccess } from './web-access.ts';

export function createWebAccessHandlers(deps: {
  readonly webAccess: WebAccess;
  /** Called when a person has opened the page. */
  readonly personActs: () => void;
}): Pick<Handlers, 'webCode' | 'webToken'> {
  const { webAccess } = deps;
  return {
    webCode: async () => webAccess.issueCode(),
    // A browser has the code among its arguments, where every user can read it; on Linux the surface serves only its own
    // user and root.
    async webToken({ body }) {
      const token = webAccess.exchange(body.code);
      deps.personActs();
      return { token };
    },
  };
}
