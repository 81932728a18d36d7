// Reads and writes the AWS CLI's own token file, so that native SSO profiles work: only the access token, marked as ours.
import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Secret } from '../../core/secret.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import { errorCode, toFileError } from '../../platform/files/file-error.ts';
import { ensureFolder, removeLeftovers, writeFileAtomically } from '../../platform/files/atomic-file.ts';

/** A token is a few kilobytes. */
const MAX_TOKEN_FILE_BYTES = 1024 * 1024;

/** `foreign-…`: without our mark, so from the AWS CLI's own login. `foreign-refreshable`: expired, but the AWS CLI can renew it. */
export type TokenFileState = 'absent' | 'ours' | 'foreign-unexpired' | 'foreign-refreshable' | 'foreign-expired';

export interface TokenFileContent {
  /** As written in the config file. */
  readonly startUrl: string;
  /** `sso_region`. */
  readonly region: string;
  readonly accessToken: Secret;
  readonly expiresAtMs: number;
}

/** The path for an sso-session name or, for legacy profiles, a start URL; both exactly as written in the config file. */
export function tokenFilePath(homeDirectory: string, sessionNameOrStartUrl: string): string {
  const name = createHash('sha1').update(sessionNameOrStartUrl, 'utf8').digest('hex');
  // AWS clients use this folder whatever AWS_CONFIG_FILE says.
  return join(homeDirectory, '.aws', 'sso', 'cache', `${name}.json`);
}

/** Who wrote the file and whether its token is valid. A file without a token (not JSON, no access token) counts as expired. */
export async function readTokenFileState(path: string, nowMs: number): Promise<TokenFileState> {
  let text: string;
  try {
    text = await readBoundedFile(path, MAX_TOKEN_FILE_BYTES);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw toFileError(error, path, 'read');
  }
  const content = parseObject(text);
  if (content['rolecall'] === true) return 'ours';
  if (typeof content['accessToken'] !== 'string' || content['accessToken'] === '') return 'foreign-expired';
  const expiresAtMs = parseExpiry(content['expiresAt']);
  // Do not overwrite a foreign token because its expiry can't be parsed.
  if (expiresAtMs === undefined || expiresAtMs > nowMs) return 'foreign-unexpired';
  return canBeRefreshed(content, nowMs) ? 'foreign-refreshable' : 'foreign-expired';
}

/** The rule of botocore: a refresh token, and a client registration that has not expired. */
function canBeRefreshed(content: Readonly<Record<string, unknown>>, nowMs: number): boolean {
  const needed = ['refreshToken', 'clientId', 'clientSecret'].map((name) => content[name]);
  if (needed.some((value) => typeof value !== 'string' || value === '')) return false;
  const expiresAtMs = parseExpiry(content['registrationExpiresAt']);
  return expiresAtMs !== undefined && expiresAtMs > nowMs;
}

/**
 * Writes the file (mode 0600, atomically) unless its state is `foreign-unexpired` or `foreign-refreshable`, and returns that state.
 * @throws UnavailableError file-not-writable: with the path and the reason; the old file is unchanged
 */
export async function writeTokenFile(path: string, content: TokenFileContent, nowMs: number): Promise<TokenFileState> {
  const state = await readTokenFileState(path, nowMs);
  if (state === 'foreign-unexpired' || state === 'foreign-refreshable') return state;
  const text = JSON.stringify({
    startUrl: content.startUrl,
    region: content.region,
    accessToken: content.accessToken.reveal(),
    expiresAt: formatUtcSeconds(content.expiresAtMs),
    rolecall: true,
  });
  try {
    await ensureFolder(dirname(path));
    await removeLeftovers(path);
    await writeFileAtomically({ targetPath: path, content: text, mode: 0o600, mustBeNew: false });
  } catch (error) {
    throw toFileError(error, path, 'written');
  }
  return state;
}

/**
 * Deletes the file if rolecall wrote it, and returns whether it did.
 * @throws UnavailableError file-not-writable: our file cannot be deleted
 */
export async function deleteTokenFile(path: string): Promise<boolean> {
  await removeLeftovers(path);
  // Our file is recognized by its mark alone, so the time does not matter.
  if ((await readTokenFileState(path, 0)) !== 'ours') return false;
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw toFileError(error, path, 'deleted');
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** AWS CLI versions have written `…Z`, with milliseconds, with an offset, and in 2020 `…UTC`. */
function parseExpiry(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Date.parse(value.replace(/UTC$/u, 'Z')) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
