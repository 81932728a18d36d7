// What the secret store keeps for one sso-session, and its JSON format.
import { isEpochMs } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { ClientRegistration } from '../../core/model.ts';
import { Secret } from '../../core/secret.ts';

/** A sign-in; without tokens if the session has ended. */
export interface SessionRecord {
  /** See `formatIssuer`: the tokens are sent nowhere else. */
  readonly issuer: string;
  readonly signedInAtMs: number;
  readonly tokens?: SessionTokens;
  /** How long the last session lasted that was not signed out. */
  readonly observedLengthMs?: number;
}

export interface SessionTokens {
  readonly accessToken: Secret;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly refresh?: RefreshGrant;
}

export interface RefreshGrant {
  readonly refreshToken: Secret;
  /** The client that the token was issued to; AWS accepts it from no other. */
  readonly clientId: string;
  /** That client's registration; absent in records that earlier versions wrote. */
  readonly registration?: ClientRegistration;
}

const SCHEMA_VERSION = 1;
/** AWS's longest session is 90 days. */
const MAX_LENGTH_MS = 100 * 24 * 60 * 60_000;

export function formatSessionRecord(record: SessionRecord): Secret {
  const { tokens } = record;
  return new Secret(
    JSON.stringify({
      schemaVersion: SCHEMA_VERSION,
      issuer: record.issuer,
      signedInAtMs: record.signedInAtMs,
      observedLengthMs: record.observedLengthMs,
      ...(tokens === undefined
        ? {}
        : {
            accessToken: tokens.accessToken.reveal(),
            issuedAtMs: tokens.issuedAtMs,
            expiresAtMs: tokens.expiresAtMs,
            refreshToken: tokens.refresh?.refreshToken.reveal(),
            clientId: tokens.refresh?.clientId,
            clientSecret: tokens.refresh?.registration?.clientSecret.reveal(),
            clientExpiresAtMs: tokens.refresh?.registration?.expiresAtMs,
          }),
    }),
  );
}

/**
 * Parses a stored record. Impossible times, which earlier versions stored, do not cost the sign-in: the access token
 * counts as expired and is refreshed.
 * @throws UnavailableError secret-store-unavailable: not a record, or of a newer version; it never counts as absent
 */
export function parseSessionRecord(stored: Secret, secretName: string): SessionRecord {
  const wire = parseStoredObject(stored, secretName, SCHEMA_VERSION);
  const { issuer, signedInAtMs, accessToken, issuedAtMs, expiresAtMs, observedLengthMs } = wire;
  if (typeof issuer !== 'string' || typeof signedInAtMs !== 'number') throw unreadable(secretName);
  const base = {
    issuer,
    signedInAtMs: [signedInAtMs, issuedAtMs].find(isEpochMs) ?? 0,
    ...(isLengthMs(observedLengthMs) ? { observedLengthMs } : {}),
  };
  if (accessToken === undefined) return base;
  if (typeof accessToken !== 'string' || typeof issuedAtMs !== 'number' || typeof expiresAtMs !== 'number') {
    throw unreadable(secretName);
  }
  const refresh = parseRefreshGrant(wire);
  const isPlausible = isEpochMs(issuedAtMs) && isEpochMs(expiresAtMs) && expiresAtMs - issuedAtMs <= MAX_LENGTH_MS;
  return {
    ...base,
    tokens: {
      accessToken: new Secret(accessToken),
      issuedAtMs: isPlausible ? issuedAtMs : base.signedInAtMs,
      expiresAtMs: isPlausible ? expiresAtMs : base.signedInAtMs,
      ...(refresh === undefined ? {} : { refresh }),
    },
  };
}

function isLengthMs(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= MAX_LENGTH_MS;
}

function parseRefreshGrant(wire: Readonly<Record<string, unknown>>): RefreshGrant | undefined {
  const { refreshToken, clientId, clientSecret, clientExpiresAtMs: expiresAtMs } = wire;
  if (typeof refreshToken !== 'string' || typeof clientId !== 'string') return undefined;
  const grant = { refreshToken: new Secret(refreshToken), clientId };
  if (typeof clientSecret !== 'string' || !isEpochMs(expiresAtMs)) return grant;
  return { ...grant, registration: { clientId, clientSecret: new Secret(clientSecret), expiresAtMs } };
}

/** Parses a stored JSON object of this schema version. @throws UnavailableError secret-store-unavailable */
export function parseStoredObject(
  stored: Secret,
  secretName: string,
  schemaVersion: number,
): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(stored.reveal());
  } catch {
    // The parser's error message quotes the text, which is secret.
    throw unreadable(secretName);
  }
  if (typeof parsed !== 'object' || parsed === null) throw unreadable(secretName);
  const wire = parsed as Readonly<Record<string, unknown>>;
  if (wire['schemaVersion'] !== schemaVersion) throw unreadable(secretName);
  return wire;
}

export function unreadable(secretName: string): UnavailableError {
  return new UnavailableError(
    'secret-store-unavailable',
    `This version of rolecall cannot read the stored item "${secretName}"; it was left unchanged.`,
  );
}
