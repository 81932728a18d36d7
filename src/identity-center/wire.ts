// Validates AWS's answers field by field, because the SDK checks neither types nor presence.
import type { Account, ClientRegistration, DeviceAuthorization, IssuedToken, RoleCredentials } from '../core/model.ts';
import { Secret } from '../core/secret.ts';
import type { Page } from '../sso/ports.ts';

/** An answer that does not follow the protocol; `message` names the field, never its value. */
export class WireError extends Error {
  /** Part of an unusable answer, and must not be lost. */
  readonly refreshToken: Secret | undefined;

  constructor(message: string, refreshToken?: Secret) {
    super(message);
    this.refreshToken = refreshToken;
  }
}

type Fields = Readonly<Record<string, unknown>>;

// RFC 8628 section 3.2: the poll interval if the server gives none.
const DEFAULT_INTERVAL_SECONDS = 5;
// Smaller numbers are epoch seconds, others milliseconds: it is 1973 in milliseconds, the year 5138 in seconds.
const SECONDS_END = 1e11;
/** The year 2223 in milliseconds; as a number of seconds from now it is just within JavaScript's range of dates. */
const MAX_NUMBER = 8e12;
/** AWS's longest session is 90 days, and no access token outlives its session. */
const MAX_TOKEN_SECONDS = 100 * 24 * 60 * 60;
/** As of 2026-11 a code is valid for ten minutes and polled every second. */
const MAX_CODE_SECONDS = 24 * 60 * 60;
const MAX_INTERVAL_SECONDS = 300;
const MIN_INTERVAL_SECONDS = 0.01;
/** As of 2026-11 no id, token, key, code or URL of AWS's is longer than 4 kB. */
const MAX_TEXT_LENGTH = 32 * 1024;
/**
 * The next URL contains the page token, and few servers accept more than 8 kB. V8 hashes strings of more than 16,383
 * characters by length only, so looking one up in a set of them is linear.
 */
const MAX_PAGE_TOKEN_LENGTH = 8 * 1024;
/** As of 2026-11 AWS allows 64 characters for the longest name, an email address. */
const MAX_NAME_LENGTH = 256;
/** A browser gets it as an argument, for which Linux allows 128 kB, with up to nine bytes for each character. */
const MAX_PAGE_LENGTH = 8 * 1024;
const ACCOUNT_ID = /^\d{12}$/;

export function readRegistration(answer: object): ClientRegistration {
  const fields = fieldsOf(answer);
  const expiresAtSeconds = positiveNumber(fields, 'clientSecretExpiresAt');
  if (expiresAtSeconds >= SECONDS_END) throw new WireError('clientSecretExpiresAt is not in seconds');
  return {
    clientId: readClientId(fields),
    clientSecret: new Secret(text(fields, 'clientSecret')),
    expiresAtMs: expiresAtSeconds * 1000,
  };
}

/** RFC 6749, appendix A.1: printable ASCII. It becomes part of an address, in which half a character can't be written. */
function readClientId(fields: Fields): string {
  const clientId = text(fields, 'clientId');
  if (!/^[\x20-\x7e]+$/.test(clientId)) throw new WireError('clientId has other characters than printable ASCII');
  return clientId;
}

export function readDeviceAuthorization(answer: object): DeviceAuthorization {
  const fields = fieldsOf(answer);
  const verificationUri = text(fields, 'verificationUri', MAX_PAGE_LENGTH);
  return {
    deviceCode: new Secret(text(fields, 'deviceCode')),
    userCode: text(fields, 'userCode', MAX_NAME_LENGTH),
    verificationUri,
    verificationUriComplete: optionalText(fields, 'verificationUriComplete', MAX_PAGE_LENGTH) ?? verificationUri,
    expiresInSeconds: lifetimeSeconds(fields, MAX_CODE_SECONDS),
    intervalSeconds: isAbsent(fields['interval'])
      ? DEFAULT_INTERVAL_SECONDS
      : // Polling without a pause would get the client throttled.
        Math.max(positiveNumber(fields, 'interval', MAX_INTERVAL_SECONDS), MIN_INTERVAL_SECONDS),
  };
}

/**
 * Calls `onUnusable` if the refresh token is ignored, because it is too long or not a string.
 * @throws WireError: with the refresh token of the answer, which is valid even if the rest is not
 */
export function readToken(answer: object, onUnusable: () => void): IssuedToken {
  const fields = fieldsOf(answer);
  const refreshText = optionalText(fields, 'refreshToken');
  if (refreshText === undefined && !isAbsent(fields['refreshToken']) && fields['refreshToken'] !== '') onUnusable();
  const refreshToken = refreshText === undefined ? undefined : new Secret(refreshText);
  try {
    return {
      accessToken: new Secret(text(fields, 'accessToken')),
      ...(refreshToken !== undefined && { refreshToken }),
      expiresInSeconds: lifetimeSeconds(fields, MAX_TOKEN_SECONDS),
    };
  } catch (error) {
    throw error instanceof WireError ? new WireError(error.message, refreshToken) : error;
  }
}

/**
 * The accounts of one page, without names and addresses that are too long. `onUnusable` gets the number of entries
 * that were skipped because they have no 12-digit id.
 */
export function readAccounts(answer: object, onUnusable: (count: number) => void): Page<Account> {
  return readPage(answer, 'accountList', onUnusable, (fields) => {
    const accountId = fields['accountId'];
    if (typeof accountId !== 'string' || !ACCOUNT_ID.test(accountId)) return undefined;
    const accountName = optionalText(fields, 'accountName', MAX_NAME_LENGTH);
    const emailAddress = optionalText(fields, 'emailAddress', MAX_NAME_LENGTH);
    return {
      accountId,
      ...(accountName !== undefined && { accountName }),
      ...(emailAddress !== undefined && { emailAddress }),
    };
  });
}

/** The permission set names of one page. `onUnusable` gets the number of entries without a name, or with one that is too long. */
export function readPermissionSets(answer: object, onUnusable: (count: number) => void): Page<string> {
  return readPage(answer, 'roleList', onUnusable, (fields) => optionalText(fields, 'roleName', MAX_NAME_LENGTH));
}

export function readRoleCredentials(answer: object): RoleCredentials {
  const wrapped = fieldsOf(answer)['roleCredentials'];
  if (typeof wrapped !== 'object' || wrapped === null) throw new WireError('roleCredentials is missing');
  const fields = fieldsOf(wrapped);
  const expiresAtMs = positiveNumber(fields, 'expiration');
  if (expiresAtMs < SECONDS_END) throw new WireError('expiration is not in milliseconds');
  return {
    accessKeyId: text(fields, 'accessKeyId'),
    secretAccessKey: new Secret(text(fields, 'secretAccessKey')),
    sessionToken: new Secret(text(fields, 'sessionToken')),
    expiresAtMs,
  };
}

/** The answer of AssumeRole, whose expiration the SDK has made a Date. */
export function readAssumedRole(answer: object): RoleCredentials {
  const wrapped = fieldsOf(answer)['Credentials'];
  if (typeof wrapped !== 'object' || wrapped === null) throw new WireError('Credentials is missing');
  const fields = fieldsOf(wrapped);
  const expiration = fields['Expiration'];
  if (!(expiration instanceof Date) || Number.isNaN(expiration.getTime())) throw new WireError('Expiration is missing');
  return {
    accessKeyId: text(fields, 'AccessKeyId'),
    secretAccessKey: new Secret(text(fields, 'SecretAccessKey')),
    sessionToken: new Secret(text(fields, 'SessionToken')),
    expiresAtMs: expiration.getTime(),
  };
}

function readPage<T>(
  answer: object,
  listName: string,
  onUnusable: (count: number) => void,
  readItem: (fields: Fields) => T | undefined,
): Page<T> {
  const fields = fieldsOf(answer);
  const list = fields[listName];
  // A missing list is not an empty one: if it counted as empty, every profile would be removed.
  if (!Array.isArray(list)) throw new WireError(`${listName} is missing`);
  const items = list
    .map((entry: unknown) => (typeof entry === 'object' && entry !== null ? readItem(fieldsOf(entry)) : undefined))
    .filter((item) => item !== undefined);
  if (items.length < list.length) onUnusable(list.length - items.length);
  const nextToken = fields['nextToken'];
  if (isAbsent(nextToken) || nextToken === '') return { items };
  return { items, nextToken: text(fields, 'nextToken', MAX_PAGE_TOKEN_LENGTH) };
}

function fieldsOf(value: object): Fields {
  return Object.fromEntries(Object.entries(value));
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function text(fields: Fields, name: string, maxLength = MAX_TEXT_LENGTH): string {
  const value = fields[name];
  if (isAbsent(value) || value === '') throw new WireError(`${name} is missing`);
  if (typeof value !== 'string') throw new WireError(`${name} is not a string`);
  if (value.length > maxLength) throw new WireError(`${name} is too long`);
  return value;
}

function optionalText(fields: Fields, name: string, maxLength = MAX_TEXT_LENGTH): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;
}

function positiveNumber(fields: Fields, name: string, max = MAX_NUMBER): number {
  const value = fields[name];
  if (isAbsent(value)) throw new WireError(`${name} is missing`);
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new WireError(`${name} is not a positive number`);
  }
  if (value > max) throw new WireError(`${name} is too large`);
  return value;
}

function lifetimeSeconds(fields: Fields, max: number): number {
  const value = positiveNumber(fields, 'expiresIn', max);
  if (value < 1) throw new WireError('expiresIn is less than a second');
  return value;
}
