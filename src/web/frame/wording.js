// Wording of the page: times, states, lines to copy, and text from AWS without control characters.
import { nameOfSource, titleOfRole } from '../../core/text/role-title.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../documents.d.ts').RoleKey} RoleKey */
/** @typedef {import('../documents.d.ts').Session} Session */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** With less time left than this, a session is shown as ending soon. */
const ENDS_SOON_MS = 30 * MINUTE_MS;

/** "58 min", "7 h 12 min", "3 d"; never negative. @param {number} durationMs */
export function formatDuration(durationMs) {
  const minutes = Math.max(0, Math.floor(durationMs / MINUTE_MS));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** Local time, with the date if it is more than 24 hours away. @param {number} atMs @param {number} nowMs */
export function formatMoment(atMs, nowMs) {
  const moment = new Date(atMs);
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  if (Math.abs(nowMs - atMs) < DAY_MS) return time;
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${time}`;
}

/** "20,000". The browser's own way takes 20 ms at the first number. @param {number} amount */
export const formatCount = (amount) => String(amount).replace(/\B(?=(?:\d{3})+$)/g, ',');

/** "1 role", "20,000 roles". @param {number} amount @param {string} noun */
export function count(amount, noun) {
  return `${formatCount(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Replaces control and direction characters, which could reorder a line. @param {string} text */
export function harmless(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** Quotes `text` as one word for a POSIX shell. @param {string} text */
export function quoteForShell(text) {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** @param {string} profile */
export const exportLine = (profile) => `export AWS_PROFILE=${quoteForShell(profile)}`;

/** The access portal has no link to a chained role, so the terminal opens its console. @param {string} profile */
export const consoleLine = (profile) => `rolecall console ${quoteForShell(profile)}`;

/** @param {string} profile */
export const cliLine = (profile) => `aws sts get-caller-identity --profile ${quoteForShell(profile)}`;

/** The account's name, or its id when it has no name. @param {Pick<Role, 'accountName' | 'accountId'>} role */
export function accountTitle({ accountName, accountId }) {
  return accountName === null || accountName === '' ? accountId : harmless(accountName);
}

/** The permission set, or of a chained role its role and source. @param {Parameters<typeof titleOfRole>[0]} role */
export const roleTitle = (role) => harmless(titleOfRole(role));

/** How a chained role is reached, and how long its credentials last, as sentences. @param {NonNullable<Role['chain']>} chain */
export function describeChain(chain) {
  const { roleArn, lifetimeSeconds, cappedFrom, policy } = chain;
  const asked = cappedFrom === null ? '' : `, not the ${formatDuration(cappedFrom * 1000)} that its profile asks for`;
  return [
    `It is ${harmless(roleArn)}, assumed with the credentials of ${harmless(nameOfSource(chain))}.`,
    `Its own credentials last ${formatDuration(lifetimeSeconds * 1000)}${asked}.`,
    ...(cappedFrom === null ? [] : ['AWS allows no more for a role behind another one.']),
    ...(policy ? ['A session policy limits what they can do.'] : []),
  ].join(' ');
}

/** Why a role has no profile to copy. @param {{ shadowed?: boolean }} role */
export function missingProfile({ shadowed }) {
  return shadowed === true
    ? 'AWS clients read this profile from your credentials file, not from rolecall.'
    : 'This role has no profile yet.';
}

/** What the credentials of a role need. @param {NonNullable<Role['approve']>} approve */
export const describeNeed = (approve) =>
  approve === 'passkey' ? 'needs your passkey' : 'needs your click in a dialog or a terminal';

/** Equal for the same role. @param {RoleKey} role */
export const roleKey = ({ session, accountId, permissionSet }) => `${session}\n${accountId}\n${permissionSet}`;

/**
 * A session's state as one word, its details, and its colour.
 * @param {Session} session @param {number} nowMs
 * @returns {{ tone: 'good' | 'soon' | 'busy' | 'off', word: string, detail: string }}
 */
export function describeSession(session, nowMs) {
  switch (session.state) {
    case 'live': {
      const as = session.user === undefined ? [] : [`as ${harmless(session.user)}`];
      if (session.sessionExpiresAt === undefined) {
        const since = session.signedInAt === undefined ? undefined : nowMs - Date.parse(session.signedInAt);
        const details = since === undefined ? as : [...as, `since ${formatDuration(since)}`];
        return { tone: 'good', word: 'Signed in', detail: details.join(', ') };
      }
      const leftMs = Date.parse(session.sessionExpiresAt) - nowMs;
      const about = session.sessionEndIs === 'observed' ? 'about ' : '';
      const detail = [...as, `${about}${formatDuration(leftMs)} left`].join(', ');
      return leftMs <= ENDS_SOON_MS
        ? { tone: 'soon', word: 'Ends soon', detail }
        : { tone: 'good', word: 'Signed in', detail };
    }
    case 'pending':
      return { tone: 'busy', word: 'Signing in', detail: 'waiting for your approval' };
    case 'expired':
      return { tone: 'off', word: 'Session ended', detail: 'sign in to get credentials' };
    case 'signed-out':
      return { tone: 'off', word: 'Signed out', detail: '' };
  }
}

/** The part of a session that is left, 0 to 1; undefined when its end is unknown. @param {Session} session @param {number} nowMs */
export function fractionLeft(session, nowMs) {
  if (session.state !== 'live' || session.sessionExpiresAt === undefined || session.signedInAt === undefined) {
    return undefined;
  }
  const startMs = Date.parse(session.signedInAt);
  const endMs = Date.parse(session.sessionExpiresAt);
  return endMs <= startMs ? 0 : Math.min(1, Math.max(0, (endMs - nowMs) / (endMs - startMs)));
}

/**
 * The link if it is https, or http to this machine; undefined for anything else, such as script URLs.
 * @param {string | undefined} text
 */
export function safeLink(text) {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, hostname } = new URL(text);
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLocal) ? text : undefined;
}
