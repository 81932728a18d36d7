// The profile names of the shared credentials file as the daemon sees it: read again when the file has changed, and only then.
import { stat } from 'node:fs/promises';
import { readCredentialsNames, type CredentialsNames } from '../aws-config/credentials-names.ts';
import { MAX_AWS_FILE_BYTES } from '../platform/aws-file-path.ts';
import { readBoundedFile } from '../platform/bounded-read.ts';

export interface SharedCredentials {
  readonly path: string;
  /** The same object while the file is the same. A file that cannot be read has no names: AWS clients get none either. */
  names(): Promise<CredentialsNames>;
}

export function createSharedCredentials(path: string): SharedCredentials {
  let cached: { readonly stamp: string; readonly names: CredentialsNames } = { stamp: '', names: new Map() };
  return {
    path,
    async names() {
      const stamp = await fingerprint(path);
      if (cached.stamp !== stamp) {
        const text = stamp === '' ? '' : await readBoundedFile(path, MAX_AWS_FILE_BYTES).catch(() => '');
        cached = { stamp, names: readCredentialsNames(text) };
      }
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
