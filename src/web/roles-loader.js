// Loads the list of roles, one request at a time: what changes meanwhile is asked for once more. At first its beginning alone.

/** @typedef {import('./documents.d.ts').Roles} Roles */
/** @typedef {import('./documents.d.ts').Status} Status */

const SOON_MS = 500;

/**
 * @param {object} deps
 * @param {() => Promise<Roles>} deps.loadFirst
 * @param {() => Promise<Roles>} deps.load
 * @param {(roles: Roles) => void} deps.onRoles
 * @param {(error: unknown) => void} deps.onError
 */
export function createRolesLoader({ loadFirst, load, onRoles, onError }) {
  let isLoading = false;
  let isStale = false;
  let hasBeginning = false;
  let hasFailed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  async function loadNow() {
    isStale = true;
    if (isLoading) return;
    isLoading = true;
    hasFailed = false;
    try {
      while (isStale) {
        isStale = false;
        if (!hasBeginning) {
          const first = await loadFirst();
          hasBeginning = true;
          onRoles(first);
          if (isWhole(first)) continue;
          // What changed meanwhile is in what is asked for now.
          isStale = false;
        }
        onRoles(await load());
      }
    } catch (error) {
      hasFailed = true;
      onError(error);
    } finally {
      isLoading = false;
    }
  }

  return {
    load: loadNow,
    /** After a failure, when there is reason to hope: no event need come that would ask for it. */
    loadAgain: async () => (hasFailed ? loadNow() : undefined),
    /** Several changes in a row are one. */
    loadSoon() {
      clearTimeout(waiting);
      waiting = setTimeout(() => void loadNow(), SOON_MS);
    },
  };
}

/** Whether these are all of them, and not only what a first screen shows. @param {Roles} roles */
export const isWhole = ({ roles, total }) => roles.length === (total ?? roles.length);

/** Whether the list is the one that the status speaks of. @param {Status} status @param {Roles} roles */
export function isAbout({ sessions }, roles) {
  const catalogs = sessions.flatMap(({ catalog }) => catalog ?? []);
  const oldest = catalogs.map(({ asOf }) => asOf).toSorted()[0] ?? null;
  const total = catalogs.reduce((sum, { permissionSets }) => sum + permissionSets, 0);
  return roles.asOf === oldest && (roles.total ?? roles.roles.length) === total;
}
