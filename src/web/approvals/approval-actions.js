// Answering an approval: the passkey's ceremony, and refusing.

import { harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Approval} Approval */
/** @typedef {ReturnType<typeof createApprovalActions>} ApprovalActions */

const NO_PASSKEYS = 'This browser can use no passkey here.';
/** Only a page that was open during the approval can create the passkey. */
const CREATE_ELSEWHERE = 'Passkeys work only on the page that this command opens: rolecall passkey add';
/** Not as a link: the daemon refuses a page that another one has opened. */
const ELSEWHERE = 'Passkeys work only at another address. Paste it into a new tab within a minute:';

/**
 * @param {object} deps
 * @param {import('../connection/api.js').Api} deps.api
 * @param {ReturnType<typeof import('../passkeys/ceremony.js').createCeremonies>} deps.ceremonies
 * @param {'here' | 'elsewhere' | 'nowhere'} deps.passkeys where this browser can use them
 */
export function createApprovalActions({ api, ceremonies, passkeys }) {
  /** Why it failed, as one sentence. @param {() => Promise<unknown>} work @returns {Promise<string | undefined>} */
  const attempt = (work) =>
    work().then(
      () => undefined,
      (/** @type {unknown} */ error) => harmless(error instanceof Error ? error.message : String(error)),
    );

  async function showPasskeyPage() {
    const { url } = await api.call('POST', '/v1/passkey-page');
    throw new Error(`${ELSEWHERE} ${url}`);
  }

  /** @param {() => Promise<unknown>} work */
  const withPasskey = async (work) => {
    if (passkeys === 'nowhere') return NO_PASSKEYS;
    return attempt(passkeys === 'here' ? work : showPasskeyPage);
  };

  return {
    /** @param {Pick<Approval, 'id'>} approval @param {AbortSignal} signal ends it when there is nothing to approve any more */
    approve: ({ id }, signal) => withPasskey(() => ceremonies.approve(id, signal)),
    /** Creates the passkey of an approved `add-passkey`. @param {string} id */
    register: async (id) => (passkeys === 'elsewhere' ? CREATE_ELSEWHERE : withPasskey(() => ceremonies.register(id))),
    /** @param {string} id */
    refuse: (id) => attempt(() => api.call('POST', `${approvalPath(id)}/refuse`)),
    /** How it ended; undefined when the daemon has forgotten it. @param {string} id @returns {Promise<Approval | undefined>} */
    fetch: (id) => api.call('GET', approvalPath(id)).catch(() => undefined),
  };
}

/** @param {string} id */
const approvalPath = (id) => `/v1/approvals/${encodeURIComponent(id)}`;
