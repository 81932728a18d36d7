// Gets the page's token: exchanges the code in the address once, and keeps the token in this tab's session storage.

const STORAGE_KEY = 'rolecall-token';

/**
 * Removes every service worker of this origin; true when there was none. rolecall installs no service worker: one found
 * here was left by another program that used this port before, and could read everything that the page receives.
 * @param {Pick<ServiceWorkerContainer, 'controller' | 'getRegistrations'> | undefined} container
 * @returns {Promise<boolean>}
 */
export async function removeServiceWorkers(container) {
  if (container === undefined) return true;
  // Rejects when the browser blocks storage, and with it service workers.
  const found = await container.getRegistrations().catch(() => []);
  await Promise.all(found.map((registration) => registration.unregister()));
  return found.length === 0 && container.controller === null;
}

/**
 * A one-time code, and after a dot the approval for which a command has opened the page; both empty if it has neither.
 * @param {string} hash
 */
export function parseFragment(hash) {
  const [code = '', approval = ''] = hash.slice(1).split('.');
  return {
    code: /^[A-Za-z0-9_-]{43}$/.test(code) ? code : '',
    approval: /^[0-9a-f]{16}$/.test(approval) ? approval : '',
  };
}

/**
 * The token; undefined when there is none and the user has to run `rolecall web`.
 * @param {object} deps
 * @param {Pick<Location, 'hash' | 'pathname'>} deps.location
 * @param {Pick<History, 'replaceState'>} deps.history
 * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} deps.storage
 * @param {typeof globalThis.fetch} deps.fetch
 * @returns {Promise<string | undefined>}
 */
export async function obtainToken({ location, history, storage, fetch }) {
  const { code } = parseFragment(location.hash);
  // Immediately, so that the code is neither in the history nor in a copied address.
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  if (code !== '') {
    const token = await exchange(code, fetch);
    if (token !== undefined) {
      storage.setItem(STORAGE_KEY, token);
      return token;
    }
  }
  return storage.getItem(STORAGE_KEY) ?? undefined;
}

/** @param {Pick<Storage, 'removeItem'>} storage */
export function forgetToken(storage) {
  storage.removeItem(STORAGE_KEY);
}

/** @param {string} code @param {typeof globalThis.fetch} fetch @returns {Promise<string | undefined>} */
async function exchange(code, fetch) {
  const response = await fetch('/v1/web-token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  if (!response.ok) return undefined;
  const { token } = /** @type {{ token: string }} */ (await response.json());
  return token;
}
