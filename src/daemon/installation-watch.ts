// Whether the files that this daemon was started from are still its own: npm replaces them underneath, or removes them.

export type InstallationChange = 'replaced' | 'gone';

export interface InstallationWatch {
  /** What has become of the installation, once two looks in a row have seen the same: npm may be at work between them. */
  look(): InstallationChange | undefined;
}

/** `readVersion` gives the version that is installed now and throws when there is none. */
export function createInstallationWatch(ownVersion: string, readVersion: () => string): InstallationWatch {
  let seenBefore = ownVersion;

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
      const isSettled = seen === seenBefore;
      seenBefore = seen;
      if (!isSettled || seen === ownVersion) return undefined;
      return seen === '' ? 'gone' : 'replaced';
    },
  };
}
