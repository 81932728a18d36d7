// The page: gets a token, follows the daemon's events, and renders the parts.
import { forgetToken, obtainToken, removeServiceWorkers } from './connection/access.js';
import { createActions } from './connection/actions.js';
import { createApi } from './connection/api.js';
import { createCurrentBanner } from './roles/current-banner.js';
import { byId, element, fill, setText } from './frame/elements.js';
import { followEvents } from './connection/event-stream.js';
import { createLegend } from './frame/legend.js';
import { createModel } from './connection/model.js';
import { createProblemList } from './sessions/problem-list.js';
import { createRoleBoard } from './roles/role-board.js';
import { createRoleDetails } from './roles/role-details.js';
import { createRolesLoader, isAbout } from './roles/roles-loader.js';
import { createSessionCards } from './sessions/session-cards.js';
import { createSignInPanels } from './sessions/sign-in-panels.js';
import { createToasts } from './frame/toasts.js';
import { harmless } from './frame/wording.js';

/** @typedef {import('./connection/event-stream.js').Connection} Connection */

const TICK_MS = 10_000;

/** @type {Readonly<Record<Connection, string>>} */
const CONNECTION_WORDS = Object.freeze({
  connecting: 'connecting',
  live: 'live',
  lost: 'no answer, trying again',
  refused: 'ended',
});

/** Replaces the whole page with one sentence and a command. @param {string} title @param {string} text @param {string} command */
function showInstead(title, text, command) {
  byId('board').hidden = true;
  byId('notices').replaceChildren();
  byId('current').replaceChildren();
  const empty = byId('empty');
  empty.hidden = false;
  fill(empty, element('h2', {}, title), element('p', {}, text), element('pre', { tabindex: 0 }, command));
}

/** @param {Connection} connection */
function showConnection(connection) {
  const shown = byId('connection');
  shown.dataset['state'] = connection;
  setText(shown, CONNECTION_WORDS[connection]);
}

/** Runs the page once it has a token. @param {string} token */
function runPage(token) {
  const nowMs = () => Date.now();
  const api = createApi({ token, fetch: (...args) => fetch(...args) });
  const model = createModel();
  const toasts = createToasts(byId('toasts'), byId('announcer'));
  const actions = createActions({
    api,
    model,
    toasts,
    copy: (text) => navigator.clipboard.writeText(text),
    openTab: (url) => void window.open(url, '_blank', 'noopener,noreferrer'),
  });

  /** @param {string} session */
  const labelOf = (session) => {
    const described = model.status()?.sessions.find((one) => one.session === session);
    return described?.label ?? session;
  };
  const problemHost = element('div', { class: 'problems' });
  const signInHost = element('div', { class: 'sign-ins' });
  const lost = element(
    'div',
    { class: 'notice warn', role: 'status', hidden: true },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, '!'),
    element(
      'p',
      {},
      'The daemon does not answer, so this page may be out of date. If the daemon was restarted, open the page again:',
    ),
    element('code', {}, 'rolecall web'),
  );
  fill(byId('notices'), lost, signInHost, problemHost);
  const problems = createProblemList(problemHost, actions);
  const signInPanels = createSignInPanels({ host: signInHost, actions, nowMs, labelOf });
  const sessionCards = createSessionCards({ host: byId('sessions'), actions, nowMs, labelOf });
  const banner = createCurrentBanner(byId('current'), actions);
  const details = createRoleDetails(byId('details'), actions);
  /** @type {import('./documents.d.ts').Role | undefined} */
  let selected;
  const board = createRoleBoard({
    host: byId('roles'),
    actions,
    toasts,
    nowMs,
    onSelected(role) {
      selected = role;
      drawDetails();
    },
  });

  function drawDetails() {
    const role = selected ?? model.currentRole();
    details.update(role, {
      isCurrent: role !== undefined && board.isCurrent(role),
      isFallback: selected === undefined,
      hasLabels: board.hasLabels(),
    });
  }

  function draw() {
    const status = model.status();
    if (status === undefined) return;
    const current = status.current;
    banner.update(current, current !== null && status.sessions.length > 1 ? labelOf(current.session) : undefined);
    problems.update(status.problems);
    signInPanels.update(model.signIns());
    sessionCards.update(status.sessions, model.signIns());
    board.setCurrent(current);
    drawDetails();
    showEmptiness();
  }

  /** Explains why there are no roles, instead of an empty list. */
  function showEmptiness() {
    const status = model.status();
    const roles = model.roles();
    if (status === undefined || roles === undefined) return;
    byId('board').hidden = false;
    const isEmpty = roles.roles.length === 0;
    byId('board').classList.toggle('has-no-roles', isEmpty);
    const empty = byId('empty');
    empty.hidden = !isEmpty;
    if (!isEmpty) return;
    if (status.sessions.length === 0) {
      fill(
        empty,
        element('h2', {}, 'No sso-session yet'),
        element('p', {}, 'Get the start URL from your administrator, then run in a terminal:'),
        element('pre', { tabindex: 0 }, 'rolecall setup'),
      );
    } else if (status.sessions.some(({ listing }) => listing !== null)) {
      fill(empty, element('h2', {}, 'Listing your accounts …'), element('p', {}, 'They will appear here.'));
    } else if (status.sessions.some(({ state }) => state === 'live')) {
      fill(
        empty,
        element('h2', {}, 'No accounts'),
        element('p', {}, 'No permission set is assigned to you, or your accounts have not been listed yet.'),
        element(
          'p',
          {},
          element('button', { type: 'button', click: () => void actions.refresh() }, 'List accounts now'),
        ),
      );
    } else {
      fill(
        empty,
        element('h2', {}, 'Sign in to see your accounts'),
        element('p', {}, 'Sign in once, and every AWS client on this machine has credentials for the rest of the day.'),
      );
    }
  }

  const loader = createRolesLoader({
    loadFirst: () => api.call('GET', '/v1/roles?first=true'),
    load: () => api.call('GET', '/v1/roles'),
    onRoles(roles) {
      model.setRoles(roles);
      checkRoles();
    },
    onError: (error) => toasts.fail(error),
  });

  let isChecked = true;
  /** After each connect: the list may be older than a change that no event reports. */
  function checkRoles() {
    const status = model.status();
    const roles = model.roles();
    if (isChecked || status === undefined || roles === undefined) return;
    isChecked = true;
    if (!isAbout(status, roles)) void loader.load();
  }

  model.watch((part) => {
    const roles = model.roles();
    if (part === 'roles' && roles !== undefined) board.setRoles(roles);
    draw();
  });

  const events = followEvents({
    request: api.request,
    nowMs,
    onConnection(connection) {
      showConnection(connection);
      lost.hidden = connection !== 'lost';
      if (connection === 'live') void loader.loadAgain();
      if (connection !== 'refused') return;
      forgetToken(sessionStorage);
      showInstead(
        'The daemon was restarted',
        'This page belongs to the previous run. To open a new one, run in a terminal:',
        'rolecall web',
      );
    },
    onEvent(type, document) {
      const wasPending = type === 'sign-in' && model.signIns().get(document.session)?.state === 'pending';
      model.apply(type, document);
      if (wasPending && document.signIn?.state === 'approved') {
        toasts.say(`Signed in to ${harmless(labelOf(document.session))}.`);
      }
      // Each switch changes the usage order, which does not have to be shown immediately.
      if (type === 'roles') loader.loadSoon();
      if (type === 'hello') {
        isChecked = false;
        checkRoles();
      }
    },
  });

  // In parallel with the event stream: the list is what the user waits for.
  void loader.load();

  const wake = () => {
    events.wake();
    draw();
  };
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake());
  window.addEventListener('online', wake);
  window.addEventListener('focus', wake);
  setInterval(() => {
    draw();
    board.tick();
  }, TICK_MS);

  const showLegend = createLegend(document.body);
  byId('show-keys').addEventListener('click', showLegend);
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'radio';
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (event.key === '/') board.focusSearch();
    else if (event.key === '?') showLegend();
    else return;
    event.preventDefault();
  });
}

async function start() {
  showConnection('connecting');
  // A new address pasted into this tab differs only in its fragment, so the browser does not reload the page.
  window.addEventListener('hashchange', () => location.reload());
  if (!(await removeServiceWorkers(navigator.serviceWorker))) {
    history.replaceState(null, '', location.pathname);
    forgetToken(sessionStorage);
    showConnection('refused');
    showInstead(
      'Another program interfered with this page',
      'It had left a script in this browser. The script was removed. Close this tab and run in a terminal:',
      'rolecall web',
    );
    return;
  }
  const token = await obtainToken({
    location,
    history,
    storage: sessionStorage,
    fetch: (...args) => fetch(...args),
  }).catch(() => undefined);
  if (token === undefined) {
    showConnection('refused');
    showInstead(
      'This page needs a new address',
      'Its address works once and for one minute. To get a new one, run in a terminal:',
      'rolecall web',
    );
    return;
  }
  runPage(token);
}

void start();
