// How an sso-session is named on a command line in a profile: by its name, or by a stable id when the name is not safe there.
import { createHash } from 'node:crypto';

const SAFE_NAME = /^[A-Za-z0-9_.@/-]+$/u;
const SELECTOR_ID = /^id-[0-9a-f]{12}$/u;

/** The name itself when it needs no quoting anywhere, else `id-` and 12 hex digits of its sha256. */
export function sessionSelector(sessionName: string): string {
  // A name that looks like an id gets one too, so that an id never means two sessions.
  if (SAFE_NAME.test(sessionName) && !SELECTOR_ID.test(sessionName)) return sessionName;
  return `id-${createHash('sha256').update(sessionName).digest('hex').slice(0, 12)}`;
}

/** Whether `selector`, a name or an id, means the session called `sessionName`. */
export function matchesSessionSelector(selector: string, sessionName: string): boolean {
  return selector === sessionName || selector === sessionSelector(sessionName);
}
