// The page: gets a token, follows the daemon's events, and draws what they change.
import { createApprovalActions } from './approvals/approval-actions.js';
import { forgetToken, obtainToken, parseFragment, removeServiceWorkers } from './connection/access.js';
import { createActions } from './connection/actions.js';
import { createApi } from './connection/api.js';
import { followEvents } from './connection/event-stream.js';
import { createModel } from './connection/model.js';
import { showConnection, showInstead } from './frame/connection-state.js';
import { byId } from './frame/elements.js';
import { createLegend } from './frame/legend.js';
import { listenForShortcuts } from './frame/shortcuts.js';
import { createToasts } from './frame/toasts.js';
import { harmless } from './frame/wording.js';
import { createRolesLoader, isAbout } from './connection/roles-loader.js';
import { canUsePasskeys, createCeremonies } from './passkeys/ceremony.js';
import { createViews } from './views.js';

const TICK_MS = 10_000;
const COUNTDOWN_MS = 1000;
const MAX_PAINT_MS = 100;

const nowMs = () => Date.now();

/** @param {string} url */
const openTab = (url) => void window.open(url, '_blank', 'noopener,noreferrer');

/** A page on a fixed port has a name of its own, and passkeys belong to the name `localhost`. */
function findPasskeys() {
  if (canUsePasskeys(window)) return 'here';
  return location.hostname === 'localhost' ? 'nowhere' : 'elsewhere';
}

/** Builds everything that needs no token, and returns what starts the page with one. */
function preparePage() {
  let token = '';
  const api = createApi({ token: () => token, fetch: (...args) => fetch(...args) });
  const model = createModel();
  const toasts = createToasts(byId('toasts'), byId('announcer'));
  const actions = createActions({
    api,
    model,
    toasts,
    copy: (text) => navigator.clipboard.writeText(text),
    openTab,
  });
  const approvalActions = createApprovalActions({
    api,
    ceremonies: createCeremonies({ api, credentials: navigator.credentials }),
    passkeys: findPasskeys(),
  });
  const views = createViews({ actions, approvalActions, model, toasts, nowMs });
  model.watch((part) => {
    // At once, and whatever the rest needs.
    if (part === 'approvals') return views.drawApprovals();
    const roles = model.roles();
    if (part === 'roles' && roles !== undefined) views.setRoles(roles);
    views.draw();
  });

  /** @param {string} given the token @param {string} approval that it was opened for, or empty */
  return function run(given, approval) {
    token = given;
    const list = loadList({ api, model, toasts });
    const events = follow({ api, model, toasts, views, list });
    if (approval !== '') void approvalActions.fetch(approval).then(views.resumeApproval);
    drawRegularly(views, events);
    const showLegend = createLegend(document.body);
    byId('show-keys').addEventListener('click', showLegend);
    listenForShortcuts(document, { '/': views.focusSearch, a: views.focusApproval, '?': showLegend });
  };
}

/** Resolves when what has changed is on the screen; soon, if the page is in the background. @returns {Promise<void>} */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, MAX_PAINT_MS);
  });
}

/**
 * Loads the role list, in parallel with the event stream: the list is what the user waits for.
 * @param {object} deps
 * @param {import('./connection/api.js').Api} deps.api
 * @param {import('./connection/model.js').Model} deps.model
 * @param {import('./frame/toasts.js').Toasts} deps.toasts
 */
function loadList({ api, model, toasts }) {
  let isChecked = true;
  const loader = createRolesLoader({
    loadFirst: () => api.call('GET', '/v1/roles?first=true'),
    // Reading megabytes would delay the first screen.
    load: () => painted().then(() => api.call('GET', '/v1/roles')),
    onRoles(roles) {
      model.setRoles(roles);
      check();
    },
    onError: (error) => toasts.fail(error),
  });

  function check() {
    const status = model.status();
    const roles = model.roles();
    if (isChecked || status === undefined || roles === undefined) return;
    isChecked = true;
    if (!isAbout(status, roles)) void loader.load();
  }

  void loader.load();
  return {
    ...loader,
    /** After each connect: the list may be older than a change that no event reports. */
    checkAgain() {
      isChecked = false;
      check();
    },
  };
}

/**
 * Applies the daemon's events to the model.
 * @param {object} deps
 * @param {import('./connection/api.js').Api} deps.api
 * @param {import('./connection/model.js').Model} deps.model
 * @param {import('./frame/toasts.js').Toasts} deps.toasts
 * @param {ReturnType<typeof createViews>} deps.views
 * @param {ReturnType<typeof loadList>} deps.list
 */
function follow({ api, model, toasts, views, list }) {
  return followEvents({
    request: api.request,
    nowMs,
    onConnection(connection) {
      showConnection(connection);
      views.setLost(connection === 'lost');
      if (connection === 'live') void list.loadAgain();
      if (connection !== 'refused') return;
      forgetToken(sessionStorage);
      views.end();
      showInstead(
        'The daemon was restarted',
        'This page belongs to the previous run. To open a new one, run in a terminal:',
        'rolecall web',
      );
    },
    onEvent(type, event) {
      const wasPending = type === 'sign-in' && model.signIns().get(event.session)?.state === 'pending';
      model.apply(type, event);
      if (wasPending && event.signIn?.state === 'approved') {
        toasts.say(`Signed in to ${harmless(model.labelOf(event.session))}.`);
      }
      // Each switch changes the usage order, which does not have to be shown immediately.
      if (type === 'roles') list.loadSoon();
      if (type === 'hello') list.checkAgain();
    },
  });
}

/**
 * Draws times again as they pass, and everything at once when somebody looks at the page.
 * @param {ReturnType<typeof createViews>} views @param {ReturnType<typeof followEvents>} events
 */
function drawRegularly(views, events) {
  const wake = () => {
    events.wake();
    views.draw();
  };
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake());
  window.addEventListener('online', wake);
  window.addEventListener('focus', wake);
  setInterval(() => {
    views.draw();
    views.tick();
  }, TICK_MS);
  setInterval(views.tickApprovals, COUNTDOWN_MS);
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
  const { approval } = parseFragment(location.hash);
  const asked = obtainToken({
    location,
    history,
    storage: sessionStorage,
    fetch: (...args) => fetch(...args),
  }).catch(() => undefined);
  // Meanwhile.
  const runPage = preparePage();
  const token = await asked;
  if (token === undefined) {
    showConnection('refused');
    showInstead(
      'This page needs a new address',
      'Its address works once and for one minute. To get a new one, run in a terminal:',
      'rolecall web',
    );
    return;
  }
  runPage(token, approval);
}

void start();
