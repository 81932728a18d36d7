// Writes the certificate of the authority to a file that AWS clients read, and never over a file of another program.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { writeFileAtomically } from '../../platform/files/atomic-file.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import { CA_NAME } from './server-certificate.ts';

export interface CaFile {
  /** Absolute. */
  readonly path: string;
  /** Removes the file if the emulator chose its place. */
  remove(): Promise<void>;
}

const MAX_CA_BYTES = 64 * 1024;

/**
 * Writes to `path`, where only the CA file of an emulator is replaced, or into a new folder of this user.
 * @throws UsageError usage: another file is there, or the file cannot be written
 */
export async function writeCaFile(caPem: string, path?: string): Promise<CaFile> {
  if (path === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'rolecall-emulator-'));
    const file = await write(join(folder, 'ca.pem'), caPem, true);
    return { path: file, remove: () => rm(folder, { recursive: true, force: true }) };
  }
  const target = resolve(path);
  const isOurs = await isCaOfEmulator(target);
  return { path: await write(target, caPem, !isOurs), remove: async () => {} };
}

async function write(targetPath: string, content: string, mustBeNew: boolean): Promise<string> {
  try {
    // Everybody may read it: containers and services of other users need it, and it is no secret.
    await writeFileAtomically({ targetPath, content, mode: 0o644, mustBeNew, isDurable: false });
    return targetPath;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === 'EEXIST' ? 'it exists, and is no CA file of an emulator' : (code ?? 'it cannot be written');
    throw new UsageError('usage', `Cannot write the CA file ${targetPath}: ${reason}.`, {
      cause,
      hint: 'rolecall emulator --help',
    });
  }
}

async function isCaOfEmulator(path: string): Promise<boolean> {
  try {
    return new X509Certificate(await readBoundedFile(path, MAX_CA_BYTES)).subject.includes(`CN=${CA_NAME}`);
  } catch {
    return false;
  }
}
