// Shows whether the page is connected to the daemon, and replaces the page when it can't be used any more.
import { byId, element, fill, setText } from './elements.js';

/** @typedef {import('../connection/event-stream.js').Connection} Connection */

/** @type {Readonly<Record<Connection, string>>} */
const CONNECTION_WORDS = Object.freeze({
  connecting: 'connecting',
  live: 'live',
  lost: 'no answer, trying again',
  refused: 'ended',
});

/** @param {Connection} connection */
export function showConnection(connection) {
  const shown = byId('connection');
  shown.dataset['state'] = connection;
  setText(shown, CONNECTION_WORDS[connection]);
}

/** Replaces the whole page with one sentence and a command. @param {string} title @param {string} text @param {string} command */
export function showInstead(title, text, command) {
  for (const id of ['board', 'locked', 'lock', 'show-passkeys']) byId(id).hidden = true;
  for (const id of ['approvals', 'notices']) byId(id).replaceChildren();
  byId('current').replaceChildren();
  const empty = byId('empty');
  empty.hidden = false;
  fill(empty, element('h2', {}, title), element('p', {}, text), element('pre', { tabindex: 0 }, command));
}
