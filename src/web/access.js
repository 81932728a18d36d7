// How the page comes to its token: a code in the address, exchanged once; the token stays in this tab's session storage.

const STORAGE_KEY = 'rolecall-token';

/**
 * Removes every service worker of this origin, and says whether there was none. rolecall has no service worker: one that
 * is here was left by another program that had this port before, and could read what the page is told.
 * @param {Pick<ServiceWorkerContainer, 'controller' | 'getRegistrations'> | undefined} container
 * @returns {Promise<boolean>}
 */
export async function removeServiceWorkers(container) {
  if (container === undefined) return true;
  // Rejects where the browser lets no page store anything, a service worker included.
  const found = await container.getRegistrations().catch(() => []);
  await Promise.all(found.map((registration) => registration.unregister()));
  return found.length === 0 && container.controller === null;
}

/**
 * The token, or undefined when there is none and the person has to run `rolecall web`.
 * @param {object} deps
 * @param {Pick<Location, 'hash' | 'pathname'>} deps.location
 * @param {Pick<History, 'replaceState'>} deps.history
 * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} deps.storage
 * @param {typeof globalThis.fetch} deps.fetch
 * @returns {Promise<string | undefined>}
 */
export async function obtainToken({ location, history, storage, fetch }) {
  const code = location.hash.slice(1);
  // At once, so that neither the history nor a person who copies the address has it.
  if (code !== '') history.replaceState(null, '', location.pathname);
  if (/^[A-Za-z0-9_-]{43}$/.test(code)) {
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
