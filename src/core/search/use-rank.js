// Ranks roles by use: the order of every list without a query. JavaScript, because browsers load it too.

/**
 * Higher is better: pinned roles are above all others, then frequency and recency count; 0 without any.
 * @param {{ readonly pinned?: boolean, readonly score?: number } | undefined} role
 */
export const rankByUse = (role) => (role?.pinned === true ? 1e6 : 0) + (role?.score ?? 0);
