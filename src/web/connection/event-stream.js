// Follows the daemon's events while the page is open, with fetch (which can send the token); resumes after a lost connection.
import { createEventParser } from '../../core/text/event-parser.js';

/** The daemon sends a heartbeat every 15 s; after a suspend the stream is silent without an error. */
const SILENCE_MS = 40_000;
const LOOK_MS = 5000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** @typedef {'connecting' | 'live' | 'lost' | 'refused'} Connection */

/**
 * Follows the events until the daemon rejects the token or the page's origin: it is a different daemon then.
 * @param {object} deps
 * @param {(path: string, options: { headers: Record<string, string>, signal: AbortSignal }) => Promise<Response>} deps.request
 * @param {() => number} deps.nowMs
 * @param {(type: string, data: any) => void} deps.onEvent
 * @param {(connection: Connection) => void} deps.onConnection
 */
export function followEvents(deps) {
  let lastId = '';
  const stopped = new AbortController();
  let lastByteAtMs = 0;
  let attempt = new AbortController();
  /** Ends the pause before the next attempt. */
  let skipPause = () => {};

  async function readOnce() {
    attempt = new AbortController();
    const { signal } = attempt;
    lastByteAtMs = deps.nowMs();
    const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) };
    const response = await deps.request('/v1/events', { headers, signal });
    // The token or the host name has changed: with a fixed port both are new at each start of the daemon.
    if (response.status === 401 || response.status === 403) return 'refused';
    if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`);
    // If nothing was missed, the stream starts with a comment only.
    deps.onConnection('live');
    const parse = createEventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      lastByteAtMs = deps.nowMs();
      if (done) return 'cut';
      for (const event of parse(value)) {
        if (event.id !== '') lastId = event.id;
        deps.onEvent(event.type, JSON.parse(event.data));
      }
    }
  }

  async function follow() {
    for (let failures = 0; !stopped.signal.aborted; failures += 1) {
      const startedAtMs = deps.nowMs();
      const outcome = await readOnce().catch(() => 'cut');
      if (stopped.signal.aborted) return;
      if (outcome === 'refused') {
        deps.onConnection('refused');
        return;
      }
      // Reconnects immediately if the stream worked for a while.
      if (deps.nowMs() - startedAtMs > LONGEST_PAUSE_MS) failures = 0;
      if (failures > 0) deps.onConnection('lost');
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures));
    }
  }

  /** @param {number} durationMs @returns {Promise<void>} */
  function pause(durationMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      skipPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** @param {number} silenceMs */
  function cutWhenSilent(silenceMs) {
    if (deps.nowMs() - lastByteAtMs > silenceMs) attempt.abort();
  }

  const looking = setInterval(() => cutWhenSilent(SILENCE_MS), LOOK_MS);
  void follow();
  return {
    /** The page is visible again, or the network is back: retry now. */
    wake() {
      cutWhenSilent(SILENCE_MS / 2);
      skipPause();
    },
    stop() {
      stopped.abort();
      clearInterval(looking);
      attempt.abort();
      skipPause();
    },
  };
}
