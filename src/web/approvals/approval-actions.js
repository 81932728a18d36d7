// Answering an approval: the passkey's ceremony, and refusing.

import { harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Approval} Approval */
/** @typedef {ReturnType<typeof createApprovalActions>} ApprovalActions */

const NO_PASSKEYS = 'This browser can use no passkey here. Open the page with: rolecall web';

/**
 * @param {object} deps
 * @param {import('../connection/api.js').Api} deps.api
 * @param {ReturnType<typeof import('../passkeys/ceremony.js').createCeremonies>} deps.ceremonies
 * @param {boolean} deps.canUsePasskeys
 */
export function createApprovalActions({ api, ceremonies, canUsePasskeys }) {
  /** Why it failed, as one sentence. @param {() => Promise<unknown>} work @returns {Promise<string | undefined>} */
  const attempt = (work) =>
    work().then(
      () => undefined,
      (/** @type {unknown} */ error) => harmless(error instanceof Error ? error.message : String(error)),
    );

  /** @param {() => Promise<unknown>} work */
  const withPasskey = async (work) => (canUsePasskeys ? attempt(work) : NO_PASSKEYS);

  return {
    /** @param {Pick<Approval, 'id'>} approval @param {AbortSignal} signal ends it when there is nothing to approve any more */
    approve: ({ id }, signal) => withPasskey(() => ceremonies.approve(id, signal)),
    /** Creates the passkey of an approved `add-passkey`. @param {string} id */
    register: (id) => withPasskey(() => ceremonies.register(id)),
    /** @param {string} id */
    refuse: (id) => attempt(() => api.call('POST', `${approvalPath(id)}/refuse`)),
    /** How it ended; undefined when the daemon has forgotten it. @param {string} id @returns {Promise<Approval | undefined>} */
    fetch: (id) => api.call('GET', approvalPath(id)).catch(() => undefined),
  };
}

/** @param {string} id */
const approvalPath = (id) => `/v1/approvals/${encodeURIComponent(id)}`;
