// The actions of the page: each calls the daemon and reports the outcome.
import { sessionPath } from './api.js';
import {
  accountTitle,
  cliLine,
  consoleLine,
  exportLine,
  harmless,
  missingProfile,
  roleTitle,
  safeLink,
} from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').CurrentRole} CurrentRole */
/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {ReturnType<typeof createActions>} Actions */

/**
 * @param {object} deps
 * @param {import('./api.js').Api} deps.api
 * @param {import('./model.js').Model} deps.model
 * @param {import('../frame/toasts.js').Toasts} deps.toasts
 * @param {(text: string) => Promise<void>} deps.copy
 * @param {(url: string) => void} deps.openTab
 */
export function createActions({ api, model, toasts, copy, openTab }) {
  /**
   * Undefined after a failure, which it has shown.
   * @template T @param {() => Promise<T>} work @returns {Promise<T | undefined>}
   */
  const attempt = (work) =>
    work().catch((/** @type {unknown} */ error) => {
      toasts.fail(error);
      return undefined;
    });

  /** The display is updated by the event that follows. @param {Pick<CurrentRole, 'session' | 'accountId' | 'permissionSet'> | null} role @param {string} words */
  async function setCurrent(role, words) {
    const before = model.status()?.current ?? null;
    await api.call('PUT', '/v1/current', role === null ? null : withoutWords(role));
    toasts.say(words, {
      label: 'Undo',
      run: () => void attempt(() => setCurrent(before, 'Restored the previous role.')),
    });
  }

  /** @param {string} text @param {string} what */
  async function copyText(text, what) {
    await copy(text);
    toasts.say(`Copied ${what}: ${text}`);
  }

  /** @param {Role} role */
  const profileOf = (role) => {
    if (role.profile !== null && role.shadowed !== true) return role.profile;
    throw Object.assign(new Error(missingProfile(role)), { hint: 'rolecall profiles sync' });
  };

  /**
   * Copies first, because browsers allow that only right after a click; then has the profile written if it is not in the file yet.
   * @param {Role} role @param {string} text @param {string} what
   */
  async function copyOf(role, text, what) {
    await copyText(text, what);
    if (role.unwritten === true) await api.call('POST', '/v1/profile', { name: role.profile });
  }

  /**
   * The body does not say where the browser is: through `ssh -L` this page looks the same as on the daemon's machine.
   * @param {string} session @param {{ flow?: 'device', force?: true }} body
   */
  async function signIn(session, body) {
    const signIn = await api.call('POST', `${sessionPath(session)}/sign-in`, body);
    model.apply('sign-in', { session, signIn });
    if (signIn.state === 'live') toasts.say(`${harmless(session)} is signed in.`);
    const link = safeLink(signIn.openUri);
    // With a code, the user has to read it first. The panel has the link too, for a browser that blocks this tab.
    if (signIn.state === 'pending' && signIn.flow === 'pkce' && link !== undefined) openTab(link);
  }

  return {
    /** @param {Role} role */
    use: (role) => attempt(() => setCurrent(role, `Current: ${accountTitle(role)}, ${roleTitle(role)}`)),
    useNone: () => attempt(() => setCurrent(null, 'No current role is set.')),
    /** @param {Role} role */
    openConsole: ({ session, accountId, permissionSet }) =>
      attempt(async () => {
        const { url } = await api.call('POST', '/v1/console', { session, accountId, permissionSet });
        const link = safeLink(url);
        if (link === undefined) throw new Error('The console address is not a valid link.');
        openTab(link);
        toasts.say('Opening the AWS console in a new tab.', { label: 'Open it here', href: link });
      }),
    /** @param {Role} role */
    copyProfile: (role) => attempt(async () => copyOf(role, harmless(profileOf(role)), 'the profile')),
    /** @param {Role} role */
    copyExport: (role) => attempt(async () => copyOf(role, exportLine(profileOf(role)), 'the line')),
    /** @param {Role} role */
    copyCli: (role) => attempt(async () => copyOf(role, cliLine(profileOf(role)), 'the line')),
    /** @param {Role} role */
    copyConsole: (role) => attempt(async () => copyOf(role, consoleLine(profileOf(role)), 'the line')),
    /** @param {string} text @param {string} what */
    copyText: (text, what) => attempt(() => copyText(text, what)),
    /** @param {string} session */
    signIn: (session) => attempt(() => signIn(session, {})),
    /** The session stays live until the new sign-in is approved. @param {string} session */
    renew: (session) => attempt(() => signIn(session, { force: true })),
    /** Replaces a sign-in that waits for a browser to come back, also of a live session. @param {string} session */
    signInByCode: (session) => attempt(() => signIn(session, { force: true, flow: 'device' })),
    /** @param {string} session */
    cancelSignIn: (session) => attempt(() => api.call('DELETE', `${sessionPath(session)}/sign-in`)),
    /** @param {string} session */
    signOut: (session) =>
      attempt(async () => {
        const { note } = await api.call('POST', `${sessionPath(session)}/sign-out`);
        toasts.say(note === undefined ? `Signed out of ${harmless(session)}.` : harmless(note));
      }),
    /** The display is updated by the event that follows. */
    lock: () => attempt(() => api.call('POST', '/v1/lock')),
    /** @returns {Promise<import('../documents.d.ts').Passkeys | undefined>} */
    listPasskeys: () => attempt(() => api.call('GET', '/v1/passkeys')),
    /** What it needs, if it needs an answer of a person. @returns {Promise<import('../documents.d.ts').Approval | undefined>} */
    unlock: () => attempt(async () => (await api.call('POST', '/v1/unlock')).approval ?? undefined),
    refresh: () =>
      attempt(async () => {
        await api.call('GET', '/v1/accounts?refresh=true');
        toasts.say('The list is up to date.');
      }),
  };
}

/** The fields that the daemon accepts. @param {Pick<CurrentRole, 'session' | 'accountId' | 'permissionSet'>} role */
function withoutWords({ session, accountId, permissionSet }) {
  return { session, accountId, permissionSet };
}
