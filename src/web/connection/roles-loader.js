// Loads the role list with one request at a time, first its beginning only; changes during a request cause one more.

/** @typedef {import('../documents.d.ts').Roles} Roles */
/** @typedef {import('../documents.d.ts').Status} Status */

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
          // The next request includes everything that changed in the meantime.
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
    /** Retries after a failure, because there may be no event that would trigger it. */
    loadAgain: async () => (hasFailed ? loadNow() : undefined),
    /** Combines several changes in a row. */
    loadSoon() {
      clearTimeout(waiting);
      waiting = setTimeout(() => void loadNow(), SOON_MS);
    },
  };
}

/** Whether the list is complete, not only the first screen. @param {Roles} roles */
export const isWhole = ({ roles, total }) => roles.length === (total ?? roles.length);

/** Whether the list has the revision that the status names. @param {Status} status @param {Roles} roles */
export function isAbout({ sessions }, roles) {
  const catalogs = sessions.flatMap(({ catalog }) => catalog ?? []);
  const oldest = catalogs.map(({ asOf }) => asOf).toSorted()[0] ?? null;
  const total = catalogs.reduce((sum, { permissionSets }) => sum + permissionSets, 0);
  // Chained roles are in no catalog.
  const assigned = (roles.total ?? roles.roles.length) - (roles.chains ?? 0);
  return roles.asOf === oldest && assigned === total;
}
