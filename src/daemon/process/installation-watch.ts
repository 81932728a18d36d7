// Notices when npm replaces or removes the files that this daemon was started from.

export type InstallationChange = 'replaced' | 'gone';

export interface InstallationWatch {
  /** The change, once enough checks in a row have seen it: npm may still be at work. */
  check(): InstallationChange | undefined;
}

/** How many checks in a row have to see a change. npm writes our files before the last dependency, and for a while none exist. */
const CHECKS_UNTIL = { replaced: 2, gone: 5 } as const;

/** `readVersion` returns the installed version, and throws if there is none. Call `check` on each tick. */
export function createInstallationWatch(ownVersion: string, readVersion: () => string): InstallationWatch {
  let seenBefore = ownVersion;
  let checks = 0;

  function read(): string {
    try {
      return readVersion();
    } catch {
      return '';
    }
  }

  return {
    check() {
      const seen = read();
      checks = seen === seenBefore ? checks + 1 : 1;
      seenBefore = seen;
      if (seen === ownVersion) return undefined;
      const change = seen === '' ? 'gone' : 'replaced';
      return checks >= CHECKS_UNTIL[change] ? change : undefined;
    },
  };
}
