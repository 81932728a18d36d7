// The selector that names an sso-session on a profile's command line: its name, or a stable id if the name needs quoting.
import { createHash } from 'node:crypto';

const SAFE_NAME = /^[A-Za-z0-9_.@/-]+$/u;
const SELECTOR_ID = /^id-[0-9a-f]{12}$/u;

/** The name itself if it never needs quoting, else `id-` and 12 hex digits of its SHA-256. */
export function sessionSelector(sessionName: string): string {
  // A name that looks like an id gets an id too, so that no selector is ambiguous.
  if (SAFE_NAME.test(sessionName) && !SELECTOR_ID.test(sessionName)) return sessionName;
  return `id-${createHash('sha256').update(sessionName).digest('hex').slice(0, 12)}`;
}

/** Whether `selector`, a name or an id, refers to the session `sessionName`. */
export function matchesSessionSelector(selector: string, sessionName: string): boolean {
  return selector === sessionName || selector === sessionSelector(sessionName);
}
