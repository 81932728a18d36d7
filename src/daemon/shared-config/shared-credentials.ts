// Caches the profile names of the shared credentials file and reads them again only when the file has changed.
import { readNamesInSteps, type CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { runStepsYielding } from '../../core/async/steps.ts';
import { MAX_AWS_FILE_BYTES } from '../../platform/files/aws-file-path.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import { fingerprintFile } from '../../platform/files/file-fingerprint.ts';

export interface SharedCredentials {
  readonly path: string;
  /** The same object while the file is unchanged. Empty for an unreadable file: AWS clients can't read it either. */
  names(): Promise<CredentialsNames>;
}

export function createSharedCredentials(path: string): SharedCredentials {
  const none: CredentialsNames = new Map();
  let cached: { readonly stamp: string; readonly names: Promise<CredentialsNames> } | undefined;

  async function read(stamp: string): Promise<CredentialsNames> {
    if (stamp === '') return none;
    try {
      return await runStepsYielding(readNamesInSteps(await readBoundedFile(path, MAX_AWS_FILE_BYTES)));
    } catch {
      // Retry on the next call: an error such as EMFILE goes away without a change to the file.
      if (cached?.stamp === stamp) cached = undefined;
      return none;
    }
  }

  return {
    path,
    async names() {
      const stamp = await fingerprintFile(path);
      if (cached?.stamp !== stamp) cached = { stamp, names: read(stamp) };
      return cached.names;
    },
  };
}
