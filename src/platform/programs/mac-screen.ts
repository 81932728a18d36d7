// Whether the screen of a user is locked on macOS, from the IORegistry. As of 2026-11 not run on a Mac.
import { execFile } from 'node:child_process';

const DEADLINE_MS = 5000;

/** Undefined if macOS does not say. */
export async function readMacScreen(userId: number): Promise<boolean | undefined> {
  const text = await new Promise<string>((resolve) => {
    execFile('/usr/sbin/ioreg', ['-n', 'Root', '-d1'], { env: {}, timeout: DEADLINE_MS }, (error, stdout) =>
      resolve(error === null ? stdout : ''),
    );
  });
  return parseMacScreen(text, userId);
}

/**
 * Whether `IOConsoleUsers` has a locked session of this user; undefined without a session of theirs. macOS leaves
 * `CGSSessionScreenIsLocked` out while the screen is not locked.
 */
export function parseMacScreen(text: string, userId: number): boolean | undefined {
  const [, list = ''] = /"IOConsoleUsers" = \((.*)\)/.exec(text) ?? [];
  const sessions = (list.match(/\{[^{}]*\}/g) ?? []).filter((session) =>
    new RegExp(`"kCGSSessionUserIDKey"=${userId}\\b`).test(session),
  );
  if (sessions.length === 0) return undefined;
  return sessions.some((session) => /"CGSSessionScreenIsLocked"=(?:Yes|true|1)\b/i.test(session));
}
