// The times of a session: since when and until when it lasts, how long its keys are valid, and when they are renewed.
import { count, formatCount, formatDuration, formatMoment, harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Session} Session */
/** @typedef {{ readonly name: string, readonly text: string, readonly title?: string }} Time */

/**
 * @typedef {object} Present
 * @property {number} nowMs
 * @property {number} clockAheadMs of this machine's clock; the documents have AWS's times
 */

const RETRY_REASONS = Object.freeze({
  outage: 'Identity Center fails',
  'server-pause': 'Identity Center asked for a pause',
  'back-off': 'the last refresh failed',
  'secret-store': 'the token cannot be read',
});

/** @param {Session} session @param {Present} present @returns {Time[]} */
export function describeTimes(session, present) {
  const times = session.state === 'live' ? [describeStart(session, present), describeEnd(session, present)] : [];
  return [
    ...times,
    describeKeys(session, present),
    describeRetry(session, present),
    describeList(session, present),
  ].filter((time) => time !== undefined);
}

/** When this machine's clock shows the moment, and how far away it is. @param {string} at @param {Present} present */
function localize(at, { nowMs, clockAheadMs }) {
  const localMs = Date.parse(at) + clockAheadMs;
  return { shown: formatMoment(localMs, nowMs), leftMs: localMs - nowMs };
}

/** @param {Session} session @param {Present} present @returns {Time | undefined} */
function describeStart({ signedInAt }, present) {
  if (signedInAt === undefined) return undefined;
  const { shown, leftMs } = localize(signedInAt, present);
  return { name: 'Signed in', text: `since ${shown} (${formatDuration(-leftMs)})` };
}

/** @param {Session} session @param {Present} present @returns {Time} */
function describeEnd({ sessionExpiresAt, sessionEndIs }, present) {
  const name = 'Session';
  if (sessionExpiresAt === undefined) return { name, text: 'end unknown', title: 'AWS does not say when it ends.' };
  const { shown, leftMs } = localize(sessionExpiresAt, present);
  if (leftMs < 0) return { name, text: `expected to end at ${shown} (${formatDuration(-leftMs)} ago)` };
  return sessionEndIs === 'observed'
    ? { name, text: `until about ${shown}, as last time`, title: 'Learned from when earlier sessions ended.' }
    : { name, text: `until ${shown}`, title: 'From session_hours in the settings.' };
}

/** Of the role whose keys end first. @param {Session} session @param {Present} present @returns {Time | undefined} */
function describeKeys({ roles = [], nextRefreshAt }, present) {
  const ends = roles
    .flatMap(({ state, expiresAt }) => (state === 'unused' ? [] : (expiresAt ?? [])))
    .filter((end) => localize(end, present).leftMs > 0)
    .toSorted();
  const [first] = ends;
  if (first === undefined) return undefined;
  const until = `${count(ends.length, 'role')} until ${localize(first, present).shown}`;
  return { name: 'Keys', text: `${until}${describeRefresh(nextRefreshAt, present)}` };
}

/** @param {string | undefined} nextRefreshAt @param {Present} present */
function describeRefresh(nextRefreshAt, present) {
  if (nextRefreshAt === undefined) return '';
  const { shown, leftMs } = localize(nextRefreshAt, present);
  return leftMs <= 0 ? ', refresh due' : `, next refresh ${shown}`;
}

/** @param {Session} session @param {Present} present @returns {Time | undefined} */
function describeRetry({ nextRetry }, present) {
  if (nextRetry === undefined) return undefined;
  const { reason, message, at } = nextRetry;
  return {
    name: 'Next try',
    text: `${describeWhen(nextRetry, at, present)}: ${RETRY_REASONS[reason] ?? reason}`,
    title: harmless(message),
  };
}

/** @param {{ reason: string }} retry @param {string | undefined} at @param {Present} present */
function describeWhen({ reason }, at, present) {
  if (reason === 'secret-store') return 'when the secret store works';
  if (at === undefined) return 'at the next request';
  const { shown, leftMs } = localize(at, present);
  return leftMs <= 0 ? 'now' : `at ${shown}, in ${formatDuration(leftMs)}`;
}

/** @param {Session} session @param {Present} present @returns {Time | undefined} */
function describeList({ catalog }, { nowMs }) {
  if (catalog === null) return undefined;
  const age = `listed ${formatDuration(nowMs - Date.parse(catalog.asOf))} ago`;
  return {
    name: 'Accounts',
    text: `${formatCount(catalog.accounts)}, ${age}${catalog.complete ? '' : ', incomplete'}`,
  };
}
