// Loads the list of roles, one request at a time: what changes meanwhile is asked for once more.

/** @typedef {import('./documents.d.ts').Roles} Roles */
/** @typedef {import('./documents.d.ts').Status} Status */

const SOON_MS = 500;

/**
 * @param {object} deps
 * @param {() => Promise<Roles>} deps.load
 * @param {(roles: Roles) => void} deps.onRoles
 * @param {(error: unknown) => void} deps.onError
 */
export function createRolesLoader({ load, onRoles, onError }) {
  let isLoading = false;
  let isStale = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  async function loadNow() {
    isStale = true;
    if (isLoading) return;
    isLoading = true;
    try {
      while (isStale) {
        isStale = false;
        onRoles(await load());
      }
    } catch (error) {
      onError(error);
    } finally {
      isLoading = false;
    }
  }

  return {
    load: loadNow,
    /** Several changes in a row are one. */
    loadSoon() {
      clearTimeout(waiting);
      waiting = setTimeout(() => void loadNow(), SOON_MS);
    },
  };
}

/** Whether the list is the one that the status speaks of. @param {Status} status @param {Roles} roles */
export function isAbout({ sessions }, roles) {
  const catalogs = sessions.flatMap(({ catalog }) => catalog ?? []);
  const oldest = catalogs.map(({ asOf }) => asOf).toSorted()[0] ?? null;
  const total = catalogs.reduce((sum, { permissionSets }) => sum + permissionSets, 0);
  return roles.asOf === oldest && roles.roles.length === total;
}
