// Fetches a team file from a path or an https address, and checks its SHA-256 and its signature.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { RefusedError, RolecallError, UnavailableError, UsageError } from '../../core/errors.ts';
import { download, type Download } from '../../identity-center/plain-download.ts';
import type { TeamDocument } from '../../local-api/schemas.ts';
import { readBoundedBytes, UnreadableFileError } from '../../platform/files/bounded-read.ts';
import { formatBody, MAX_TEAM_BYTES, readTeamBody, readTeamSigner, type TeamFile } from './team-file.ts';
import {
  findWantedKey,
  MAX_SIGNATURE_BYTES,
  refuseOlder,
  signatureSuffix,
  verifyTeam,
  type TeamSigner,
} from './team-signature.ts';

const TIMEOUT_MS = 20_000;

/** What the user was told about the file. */
interface WantedTeam {
  readonly sha256?: string;
  /** As for parsePublicKey. */
  readonly publicKey?: string;
}

interface FetchedTeam extends Pick<Download, 'text' | 'redirectedTo'> {
  /** SHA-256 of the file. */
  readonly digest: string;
  /** Absent if the file needs no signature. */
  readonly signer?: TeamSigner & {
    /** What to show. @throws RefusedError signature-refused: the file is older than the stored one */
    accept(team: TeamFile): NonNullable<TeamDocument['signature']>;
  };
}

export type FetchTeam = (
  source: string,
  wanted: WantedTeam,
  /** The stored team file. */
  earlier: string | undefined,
) => Promise<FetchedTeam>;

/**
 * A function that resolves the file once it has been verified.
 * @throws UsageError invalid-request; UnavailableError file-not-writable; RefusedError signature-refused
 */
export function createFetchTeam(network: Parameters<typeof download>[2]): FetchTeam {
  async function fetchFile(source: string, suffix: string, maxBytes: number): Promise<Download> {
    if (!isAddress(source)) return readPlainFile(`${source}${suffix}`, maxBytes);
    if (!URL.canParse(source)) throw wrong(`"${source}" is not a valid URL.`);
    const url = new URL(source);
    if (url.username !== '' || url.password !== '') {
      throw wrong('The URL of a team file must not contain a user name or password.');
    }
    url.pathname += suffix;
    return download(url, { maxBytes, timeoutMs: TIMEOUT_MS }, network);
  }

  async function fetchSignature(source: string, suffix: string): Promise<string> {
    try {
      return (await fetchFile(source, suffix, MAX_SIGNATURE_BYTES)).text;
    } catch (error) {
      if (!(error instanceof RolecallError)) throw error;
      const message = `The team file must be signed, and its signature cannot be read: ${error.message}`;
      throw new RefusedError('signature-refused', message, { cause: error });
    }
  }

  return async (source, { sha256, publicKey }, earlier) => {
    const pinned = earlier === undefined ? undefined : readTeamSigner(earlier);
    const key = findWantedKey(publicKey, pinned);
    const { bytes, ...file } = await fetchFile(source, '', MAX_TEAM_BYTES);
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== undefined && sha256 !== digest) {
      throw new RefusedError('signature-refused', `${source} has the SHA-256 ${digest}, not ${sha256}.`);
    }
    if (key === undefined) return { ...file, digest };
    const signature = await fetchSignature(source, signatureSuffix(key));
    const signer = verifyTeam({ bytes, name: fileName(source) }, signature, key);
    return {
      ...file,
      digest,
      signer: {
        ...signer,
        accept({ serial }) {
          const stored =
            earlier === undefined || pinned === undefined
              ? undefined
              : { signer: pinned, serial: readSerial(earlier), body: readTeamBody(earlier) };
          refuseOlder(stored, { signer, serial, body: formatBody(file.text) });
          return {
            kind: key.kind,
            keyId: key.id,
            ...(signer.signedAt === undefined ? {} : { signedAt: signer.signedAt }),
            isNewKey: pinned?.key !== signer.key,
            refusesOlder: serial !== undefined || signer.signedAt !== undefined,
          };
        },
      },
    };
  };
}

/** Whether the source is a URL, and not a path. */
export function isAddress(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/iu.test(source);
}

export function wrong(message: string): UsageError {
  return new UsageError('invalid-request', message, { hint: 'rolecall setup --help' });
}

/** The file name that the signer has probably used. */
function fileName(source: string): string {
  if (!isAddress(source)) return basename(source);
  const name = basename(new URL(source).pathname);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Of a stored file, which may have been edited since. */
function readSerial(text: string): number | undefined {
  try {
    const { serial } = parseToml(text);
    return typeof serial === 'number' ? serial : undefined;
  } catch {
    return undefined;
  }
}

/** Unlike readBoundedFile, refuses /dev/null and bytes that are not UTF-8. */
async function readPlainFile(path: string, maxBytes: number): Promise<Download> {
  if (!path.startsWith('/')) throw wrong(`"${path}" is not an absolute path.`);
  try {
    if (!(await stat(path)).isFile()) throw wrong(`${path} is not a regular file.`);
    const bytes = Buffer.from(await readBoundedBytes(path, maxBytes));
    return { bytes, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // A regular file is unreadable only because of its size.
    if (error instanceof UnreadableFileError) throw wrong(`${path} is larger than ${maxBytes / 1024} KiB.`);
    if (error instanceof TypeError) throw wrong(`${path} is not UTF-8 text.`);
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message = reason === 'ENOENT' ? `${path} does not exist.` : `${path} could not be read (${reason}).`;
    throw new UnavailableError('file-not-writable', message, { cause: error, hint: 'rolecall setup --help' });
  }
}
