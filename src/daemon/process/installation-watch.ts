// Whether the files that this daemon was started from are still its own: npm replaces them underneath, or removes them.

export type InstallationChange = 'replaced' | 'gone';

export interface InstallationWatch {
  /** What has become of the installation, once enough looks in a row have seen the same: npm may be at work meanwhile. */
  look(): InstallationChange | undefined;
}

/** npm puts our own files in place before the last of our dependencies, and has none in place for a part of its work. */
const LOOKS_UNTIL = { replaced: 2, gone: 5 } as const;

/** `readVersion` gives the version that is installed now and throws when there is none; a look is due at each tick. */
export function createInstallationWatch(ownVersion: string, readVersion: () => string): InstallationWatch {
  let seenBefore = ownVersion;
  let looks = 0;

  function read(): string {
    try {
      return readVersion();
    } catch {
      return '';
    }
  }

  return {
    look() {
      const seen = read();
      looks = seen === seenBefore ? looks + 1 : 1;
      seenBefore = seen;
      if (seen === ownVersion) return undefined;
      const change = seen === '' ? 'gone' : 'replaced';
      return looks >= LOOKS_UNTIL[change] ? change : undefined;
    },
  };
}
