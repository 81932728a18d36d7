// What `[[protect]]` can say about approvals.

/** How a protected role is approved, the weakest first. */
export const APPROVE_SETTINGS = ['none', 'click', 'passkey'] as const;

/** For whom an approval counts. */
export const APPROVE_FOR = ['role', 'program'] as const;

/** A week: longer than any session. */
export const MAX_REMEMBER_MINUTES = 10_080;
