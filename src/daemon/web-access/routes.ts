// The routes POST /v1/web-code and POST /v1/web-token.
import type { Handlers } from '../http/surface.ts';
import type { WebAccess } from './web-access.ts';

export function createWebAccessHandlers(deps: {
  readonly webAccess: WebAccess;
  /** Called when a person opens the page. */
  readonly personActs: () => void;
}): Pick<Handlers, 'webCode' | 'webToken'> {
  const { webAccess } = deps;
  return {
    webCode: async () => webAccess.issueCode(),
    // The code is in the browser's arguments, which every user can read. On Linux the surface serves only its own user and
    // root.
    async webToken({ body }) {
      const token = webAccess.exchange(body.code);
      deps.personActs();
      return { token };
    },
  };
}
