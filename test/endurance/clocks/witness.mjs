// Asks the daemon for keys and status all the time by a clock that is right, and counts what no client may ever see.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 150;
const STATUS_EVERY = 10;
/** The Expiration of an answer is in whole seconds, rounded down. */
const ROUNDING_MS = 1000;

/** Counts until `signal` is aborted; the counts grow meanwhile. */
export function startWitness({ socketPath, roles, credentialsPath, grants, signal }) {
  const counts = {
    answers: 0,
    failures: new Map(),
    expired: [],
    leastLeftMs: Infinity,
    lostSignIns: [],
    pids: new Set(),
    problems: new Map(),
    longestGapMs: 0,
  };
  const failed = (what) => counts.failures.set(what, (counts.failures.get(what) ?? 0) + 1);

  const at = () => new Date().toISOString();

  async function askKeys(from, options) {
    const sentAtMs = Date.now();
    const { status, text } = await get(options);
    const document = JSON.parse(text);
    if (status !== 200) {
      failed(`${from}: ${document.code ?? status}`);
      if (document.code?.startsWith('sign-in')) counts.lostSignIns.push(`${at()} ${from}: ${document.message}`);
      return;
    }
    counts.answers += 1;
    const leftMs = Date.parse(document.Expiration) - sentAtMs;
    counts.leastLeftMs = Math.min(counts.leastLeftMs, leftMs);
    if (leftMs + ROUNDING_MS <= 0) counts.expired.push(`${at()} ${from}: ${-leftMs} ms after ${document.Expiration}`);
  }

  async function askStatus() {
    const { text } = await get({ socketPath, path: '/v1/status' });
    const { pid, sessions, problems } = JSON.parse(text);
    counts.pids.add(pid);
    for (const { code } of problems) counts.problems.set(code, (counts.problems.get(code) ?? 0) + 1);
    for (const { session, state } of sessions) {
      if (state !== 'live') counts.lostSignIns.push(`${at()} status: ${session} is ${state}`);
    }
  }

  const ended = (async () => {
    let lastAnswerMs = performance.now();
    for (let turn = 0; !signal.aborted; turn += 1) {
      const role = roles[turn % roles.length];
      const asks = [
        ['socket', () => askKeys('socket', { socketPath, path: credentialsPath(role) })],
        ['container', () => askKeys('container', toOptions(grants[turn % grants.length]))],
        ...(turn % STATUS_EVERY === 0 ? [['status', askStatus]] : []),
      ];
      for (const [from, ask] of asks) {
        try {
          await ask();
          if (from === 'socket') {
            counts.longestGapMs = Math.max(counts.longestGapMs, performance.now() - lastAnswerMs);
            lastAnswerMs = performance.now();
          }
        } catch (error) {
          failed(`${from}: ${error.code ?? error.message}`);
        }
      }
      await sleep(PAUSE_MS);
    }
  })();
  return { counts, ended };
}

function toOptions({ url, token }) {
  const { hostname, port, pathname, host } = new URL(url);
  return { host: hostname, port, path: pathname, headers: { host, authorization: token } };
}

function get(options) {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ maxSockets: 1 });
    const outgoing = request(
      { servername: '', headers: { host: 'localhost' }, agent, timeout: 60_000, ...options },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode, text }));
        incoming.on('error', reject);
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(Object.assign(new Error('no answer in 60 s'), { code: 'ETIMEDOUT' })),
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
