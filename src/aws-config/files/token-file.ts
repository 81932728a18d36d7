// The AWS CLI's own token file, written so that native sso profiles keep working: the access token only, marked as ours.
import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Secret } from '../../core/secret.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import { errorCode, toFileError } from '../../platform/files/file-error.ts';
import { ensureFolder, removeLeftovers, writeFileAtomically } from '../../platform/files/atomic-file.ts';

/** A token has a few kilobytes. */
const MAX_TOKEN_FILE_BYTES = 1024 * 1024;

/** `foreign-…`: without our mark, so of the AWS CLI's own login. `foreign-refreshable`: expired, but the AWS CLI can renew it. */
export type TokenFileState = 'absent' | 'ours' | 'foreign-unexpired' | 'foreign-refreshable' | 'foreign-expired';

export interface TokenFileContent {
  /** As written in the config file. */
  readonly startUrl: string;
  /** `sso_region`. */
  readonly region: string;
  readonly accessToken: Secret;
  readonly expiresAtMs: number;
}

/** The file for an sso-session's name or, for legacy profiles, a start URL: both exactly as written in the config file. */
export function tokenFilePath(homeDirectory: string, sessionNameOrStartUrl: string): string {
  const name = createHash('sha1').update(sessionNameOrStartUrl, 'utf8').digest('hex');
  // AWS's clients look here whatever AWS_CONFIG_FILE says.
  return join(homeDirectory, '.aws', 'sso', 'cache', `${name}.json`);
}

/** Whose file it is and whether its token still counts. A file that is no token (not JSON, no access token) is expired. */
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
  // A time that we cannot read is no reason to take somebody's token away.
  if (expiresAtMs === undefined || expiresAtMs > nowMs) return 'foreign-unexpired';
  return canBeRefreshed(content, nowMs) ? 'foreign-refreshable' : 'foreign-expired';
}

/** As botocore decides it: with a refresh token and a client whose registration has not expired. */
function canBeRefreshed(content: Readonly<Record<string, unknown>>, nowMs: number): boolean {
  const needed = ['refreshToken', 'clientId', 'clientSecret'].map((name) => content[name]);
  if (needed.some((value) => typeof value !== 'string' || value === '')) return false;
  const expiresAtMs = parseExpiry(content['registrationExpiresAt']);
  return expiresAtMs !== undefined && expiresAtMs > nowMs;
}

/**
 * The state found: the file is written (0600, in one step) unless that is `foreign-unexpired` or `foreign-refreshable`.
 * @throws UnavailableError file-not-writable: with the path and the reason; the old file stays
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
 * Whether a file of ours was there and is gone now; anybody else's stays.
 * @throws UnavailableError file-not-writable: the file is ours and cannot be deleted
 */
export async function deleteTokenFile(path: string): Promise<boolean> {
  await removeLeftovers(path);
  // Ours is recognised by its mark alone, so the time does not matter.
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

/** AWS CLIs have written `…Z`, milliseconds, an offset, and in 2020 `…UTC`. */
function parseExpiry(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Date.parse(value.replace(/UTC$/u, 'Z')) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
