// Wording of a sign-in on a session's card: its button, what went wrong, and when a code is offered instead.
import { harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Session} Session */
/** @typedef {import('../documents.d.ts').SignIn} SignIn */

/** Why a sign-in failed. */
const OUTCOMES = Object.freeze({
  denied: 'The sign-in was denied on the page.',
  expired: 'The sign-in was not approved in time.',
  cancelled: 'The sign-in was cancelled.',
});
/** The text of an error can come from the page of the sign-in, in any length. */
const MAX_ERROR_LENGTH = 160;

/**
 * The button's label and the preposition before the session's name.
 * @param {Pick<Session, 'state'>} session @param {SignIn | undefined} signIn @returns {[string, string]}
 */
export function signInButton({ state }, signIn) {
  if (state === 'live') return ['Sign out', 'of'];
  if (state !== 'pending' && signIn?.state !== 'pending') return ['Sign in', 'to'];
  return [signIn?.flow === 'pkce' ? 'Open page' : 'Show code', 'for'];
}

/** How the last sign-in failed; empty if it did not. @param {Pick<Session, 'state'>} session @param {SignIn | undefined} signIn */
export function describeOutcome({ state }, signIn) {
  if (signIn?.error !== undefined) return shorten(harmless(signIn.error.message), MAX_ERROR_LENGTH);
  if (state === 'live' || signIn === undefined || !Object.hasOwn(OUTCOMES, signIn.state)) return '';
  return OUTCOMES[/** @type {keyof typeof OUTCOMES} */ (signIn.state)];
}

/** Whether to offer a code: the browser did not come back, and would not the next time. @param {Pick<Session, 'state'>} session @param {SignIn | undefined} signIn */
export function offersCode({ state }, signIn) {
  return state !== 'live' && state !== 'pending' && signIn?.flow === 'pkce' && signIn.state === 'expired';
}

/** Whether to offer a renewal: the session ends during this working day. @param {Pick<Session, 'state' | 'renewal'>} session @param {SignIn | undefined} signIn */
export function offersRenewal({ state, renewal }, signIn) {
  return state === 'live' && renewal !== undefined && signIn?.state !== 'pending';
}

/** In characters, not in UTF-16 units. @param {string} text @param {number} maxLength */
function shorten(text, maxLength) {
  const characters = Array.from(text);
  return characters.length <= maxLength ? text : `${characters.slice(0, maxLength - 1).join('')}…`;
}
