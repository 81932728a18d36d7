// A VS Code extension: the current role with the time left in the status bar, and commands to sign in and to switch roles.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const vscode = require('vscode');

const TIMEOUT_MS = 10_000;
const REDRAW_MS = 30_000;
const MAX_RETRY_MS = 10_000;
/** Three heartbeats. */
const MAX_SILENCE_MS = 45_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_LABEL_LENGTH = 120;

/** It reads no settings, so that no workspace can change what it does. */
function activate(context) {
  const item = vscode.window.createStatusBarItem('rolecall.role', vscode.StatusBarAlignment.Left, 50);
  item.name = 'rolecall';
  item.command = 'rolecall.switchRole';
  let status;

  function draw() {
    if (status === undefined) {
      item.hide();
      return;
    }
    const { text, tooltip, isUrgent } = describe(status, Date.now());
    item.text = text;
    item.tooltip = tooltip;
    item.command = isUrgent ? 'rolecall.signIn' : 'rolecall.switchRole';
    item.backgroundColor = isUrgent ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.show();
  }

  const follower = follow((next) => {
    status = next;
    draw();
  });
  const timer = setInterval(draw, REDRAW_MS);
  context.subscriptions.push(
    item,
    follower,
    { dispose: () => clearInterval(timer) },
    vscode.commands.registerCommand('rolecall.signIn', () => report(signIn)),
    vscode.commands.registerCommand('rolecall.switchRole', () => report(switchRole)),
  );
}

/** What the status bar shows. The session is that of the current role, or the first one. */
function describe({ current, sessions, lock }, nowMs) {
  const session = sessions.find(({ session: name }) => name === current?.session) ?? sessions[0];
  const name = current === null ? 'no role' : plain(current.profile ?? `${current.accountId}/${titleOf(current)}`);
  const isLive = session?.state === 'live';
  const leftMs = Date.parse(session?.sessionExpiresAt ?? '') - nowMs;
  const left = isLive && Number.isFinite(leftMs) ? formatLeft(leftMs) : '';
  const state = isLive ? left : 'signed out';
  const lines = [
    current === null
      ? 'No current role'
      : `${current.accountName ?? ''} ${current.accountId} ${titleOf(current)}${current.protected ? ' (protected)' : ''}`,
    ...sessions.map((each) => `${each.label ?? each.session}: ${each.state}`),
    ...(lock?.isLocked === true ? ['Locked: rolecall unlock'] : []),
  ];
  return {
    text: `$(key) ${name}${state === '' ? '' : ` · ${state}`}${lock?.isLocked === true ? ' · locked' : ''}`,
    tooltip: lines.map(plain).join('\n'),
    isUrgent: !isLive,
  };
}

function formatLeft(leftMs) {
  const minutes = Math.max(0, Math.floor(leftMs / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const titleOf = ({ permissionSet, chain }) => chain?.name ?? permissionSet;

/**
 * Text from AWS for labels and messages: VS Code shows icons for `$(name)` and makes links of `[text](command:…)`.
 */
function plain(text) {
  const line = harmless(text);
  const characters = Array.from(line);
  return characters.length <= MAX_LABEL_LENGTH ? line : `${characters.slice(0, MAX_LABEL_LENGTH - 1).join('')}…`;
}

/** Without characters that change a line or that VS Code takes for an icon or a link. */
function harmless(text) {
  return String(text)
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replaceAll('$(', '$ (')
    .replaceAll('](', '] (')
    .trim();
}

async function report(command) {
  try {
    await command();
  } catch (error) {
    await vscode.window.showErrorMessage(
      `rolecall: ${plain(error.message)} Run: ${plain(error.hint ?? 'rolecall doctor')}`,
    );
  }
}

async function signIn() {
  const { sessions } = await call('GET', '/v1/status');
  if (sessions.length === 0) throw failure('There is no sso-session yet.', 'rolecall setup');
  const session = sessions.length === 1 ? sessions[0] : await pickSession(sessions);
  if (session === undefined) return;
  const name = plain(session.label ?? session.session);
  const started = await call('POST', `/v1/sessions/${encodeURIComponent(session.session)}/sign-in`, {});
  if (started.state === 'live') {
    await vscode.window.showInformationMessage(`rolecall: You are signed in to ${name}.`);
    return;
  }
  const code = started.userCode === undefined ? '' : `The code is ${plain(started.userCode)}. `;
  // The daemon names a page to open only if it is on a trusted host.
  const page = started.openUri;
  const detail = `${code}Approve only if you just started this.\n\n${page ?? `Check this address before you open it: ${harmless(started.verificationUri)}`}`;
  const actions = page === undefined ? [] : ['Open page'];
  const chosen = await vscode.window.showInformationMessage(`Sign in to ${name}`, { modal: true, detail }, ...actions);
  if (chosen === 'Open page') await vscode.env.openExternal(vscode.Uri.parse(page, true));
}

async function pickSession(sessions) {
  const items = sessions.map((session) => ({
    label: plain(session.label ?? session.session),
    description: session.state,
    session,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Sign in to which sso-session?' }))?.session;
}

async function switchRole() {
  const { roles } = await call('GET', '/v1/roles');
  if (roles.length === 0) throw failure('No roles are known yet.', 'rolecall login');
  const items = roles.map((role) => ({
    label: plain(role.accountName ?? role.accountId),
    description: `${plain(titleOf(role))}  ${role.accountId}${role.protected ? '  protected' : ''}`,
    role,
  }));
  const none = { label: 'No current role', description: '', role: null };
  const chosen = await vscode.window.showQuickPick([...items, none], {
    placeHolder: 'Current role of this machine, which [profile current] follows',
    matchOnDescription: true,
  });
  if (chosen === undefined) return;
  const { role } = chosen;
  if (role?.protected === true) {
    const question = `${chosen.label} ${plain(titleOf(role))} is protected. Use it?`;
    if ((await vscode.window.showWarningMessage(question, { modal: true }, 'Use it')) !== 'Use it') return;
  }
  const { session, accountId, permissionSet } = role ?? {};
  await call('PUT', '/v1/current', role === null ? null : { session, accountId, permissionSet });
}

/** Calls `onStatus` at each change, with undefined while no daemon runs. Never starts one. */
function follow(onStatus) {
  let isDisposed = false;
  let stream;
  let timer;
  let retryMs = 100;

  async function refresh() {
    try {
      const status = await call('GET', '/v1/status');
      if (!isDisposed) onStatus(status);
    } catch {
      // The stream ends too, and is opened again.
    }
  }

  function retry() {
    clearTimeout(timer);
    if (isDisposed) return;
    onStatus(undefined);
    timer = setTimeout(open, retryMs);
    retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
  }

  function open() {
    try {
      stream = send('GET', '/v1/events', { accept: 'text/event-stream' }, MAX_SILENCE_MS);
    } catch {
      retry();
      return;
    }
    stream.on('response', (answer) => {
      if (answer.statusCode === 200) retryMs = 100;
      // What changed does not matter: the status has all of it. A heartbeat has no `data:`.
      answer.setEncoding('utf8').on('data', (text) => (/^data:/m.test(text) ? void refresh() : undefined));
      answer.on('error', () => undefined);
    });
    stream.on('error', () => undefined);
    stream.on('close', retry);
    stream.end();
  }

  open();
  return {
    dispose() {
      isDisposed = true;
      clearTimeout(timer);
      stream?.destroy();
    },
  };
}

/** The daemon's answer. Rejects with an Error that has `code` and `hint`. */
function call(method, target, body) {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const headers = content === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = send(method, target, headers, TIMEOUT_MS);
    const deadline = setTimeout(
      () => outgoing.destroy(failure('The daemon does not answer.', 'rolecall daemon restart')),
      TIMEOUT_MS,
    );
    outgoing.on('close', () => clearTimeout(deadline));
    outgoing.on('error', (error) => reject(isAbsence(error) ? notRunning() : error));
    outgoing.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece;
        if (text.length > MAX_ANSWER_BYTES) outgoing.destroy(new Error("The daemon's answer is too long."));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          const parsed = text === '' ? undefined : JSON.parse(text);
          if (answer.statusCode < 400) resolve(parsed);
          else reject(failure(parsed?.message ?? `Status ${answer.statusCode}.`, parsed?.hint, parsed?.code));
        } catch {
          reject(failure("The daemon's answer is not JSON.", 'rolecall daemon restart'));
        }
      });
    });
    outgoing.end(content);
  });
}

const isAbsence = ({ code }) => code === 'ENOENT' || code === 'ECONNREFUSED';
const notRunning = () => failure('The daemon is not running.', 'rolecall daemon start', 'daemon-not-running');
const failure = (message, hint = 'rolecall doctor', code = 'unusable-response') =>
  Object.assign(new Error(message), { hint, code });

/** A request that was not sent yet. `silenceMs` ends it when nothing arrives for so long. */
function send(method, target, headers, silenceMs) {
  const socketPath = findSocket();
  if (socketPath === undefined) throw notRunning();
  // Without an agent: a kept connection would break with the daemon's restart.
  const options = { agent: false, socketPath, method, path: target, headers: { host: 'localhost', ...headers } };
  const outgoing = http.request(options);
  return outgoing.setTimeout(silenceMs, () =>
    outgoing.destroy(failure('The daemon does not answer.', 'rolecall daemon restart')),
  );
}

/** The first socket that only this user can have made; undefined without one. Throws if only a foreign one is there. */
function findSocket() {
  let foreign;
  for (const candidate of socketCandidates(process.env)) {
    try {
      const found = ownSocket(candidate, true);
      if (found !== undefined) return found;
    } catch (error) {
      if (error.code === 'foreign-socket') foreign ??= error;
    }
  }
  if (foreign !== undefined) throw foreign;
  return undefined;
}

function socketCandidates(environment) {
  if (environment.ROLECALL_SOCKET) return [environment.ROLECALL_SOCKET];
  const home = environment.HOME || os.homedir();
  if (process.platform === 'darwin') return [path.join(home, 'Library/Application Support/rolecall/run/daemon.sock')];
  const absolute = (value) => (value?.startsWith('/') ? value : undefined);
  const state = absolute(environment.XDG_STATE_HOME) ?? path.join(home, '.local/state');
  const runtime = absolute(environment.XDG_RUNTIME_DIR) ?? `/run/user/${process.geteuid()}`;
  return [path.join(runtime, 'rolecall/daemon.sock'), path.join(state, 'rolecall/run/daemon.sock')];
}

/** Only the owner of a folder can create or replace what is in it, so a socket of ours in a folder of ours has our daemon. */
function ownSocket(socketPath, mayBeAlias) {
  const userId = process.geteuid();
  const found = fs.lstatSync(socketPath);
  if (!found.isSocket() && !found.isSymbolicLink()) return undefined;
  const folder = path.dirname(socketPath);
  const { uid, mode } = fs.lstatSync(folder);
  const above = fs.statSync(path.join(folder, '..')).uid;
  const isOurs = found.uid === userId && uid === userId && (mode & 0o022) === 0 && (above === userId || above === 0);
  if (!isOurs || fs.lstatSync(folder).isSymbolicLink()) {
    throw failure(`Another user may control ${socketPath}.`, 'rolecall doctor', 'foreign-socket');
  }
  if (found.isSocket()) return socketPath;
  return mayBeAlias ? ownSocket(path.resolve(folder, fs.readlinkSync(socketPath)), false) : undefined;
}

module.exports = { activate };
