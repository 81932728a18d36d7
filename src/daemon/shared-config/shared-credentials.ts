// The profile names of the shared credentials file as the daemon sees it: read again when the file has changed, and only then.
import { stat } from 'node:fs/promises';
import { readNamesInSteps, type CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { runStepsYielding } from '../../core/async/steps.ts';
import { MAX_AWS_FILE_BYTES } from '../../platform/files/aws-file-path.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';

export interface SharedCredentials {
  readonly path: string;
  /** The same object while the file is the same. A file that cannot be read has no names: AWS clients get none either. */
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
      // It is read again by whoever asks next: too many open files, for one, change nothing about it.
      if (cached?.stamp === stamp) cached = undefined;
      return none;
    }
  }

  return {
    path,
    async names() {
      const stamp = await fingerprint(path);
      if (cached?.stamp !== stamp) cached = { stamp, names: read(stamp) };
      return cached.names;
    },
  };
}

/** Empty when nothing is there. */
async function fingerprint(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return '';
  }
}
