// What the secret store keeps for one sso-session, and how it is spelled there.
import { UnavailableError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

/** A sign-in, or the memory of one that has ended (then without tokens). */
export interface SessionRecord {
  /** See `formatIssuer`: the tokens go nowhere else. */
  readonly issuer: string;
  readonly signedInAtMs: number;
  readonly tokens?: SessionTokens;
  /** How long the last session was that ended by itself. */
  readonly observedLengthMs?: number;
}

export interface SessionTokens {
  readonly accessToken: Secret;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** Only usable with the client that it was issued to. */
  readonly refresh?: { readonly refreshToken: Secret; readonly clientId: string };
}

const SCHEMA_VERSION = 1;

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
          }),
    }),
  );
}

/**
 * The record that `stored` spells.
 * @throws UnavailableError secret-store-unavailable: when it is not one of ours or of a newer version; never read as absent
 */
export function parseSessionRecord(stored: Secret, secretName: string): SessionRecord {
  const wire = parseStoredObject(stored, secretName, SCHEMA_VERSION);
  const issuer = wire['issuer'];
  const signedInAtMs = wire['signedInAtMs'];
  if (typeof issuer !== 'string' || typeof signedInAtMs !== 'number') throw unreadable(secretName);
  const accessToken = wire['accessToken'];
  const issuedAtMs = wire['issuedAtMs'];
  const expiresAtMs = wire['expiresAtMs'];
  const observedLengthMs = wire['observedLengthMs'];
  const base = { issuer, signedInAtMs, ...(typeof observedLengthMs === 'number' ? { observedLengthMs } : {}) };
  if (accessToken === undefined) return base;
  if (typeof accessToken !== 'string' || typeof issuedAtMs !== 'number' || typeof expiresAtMs !== 'number') {
    throw unreadable(secretName);
  }
  const refreshToken = wire['refreshToken'];
  const clientId = wire['clientId'];
  const refresh =
    typeof refreshToken === 'string' && typeof clientId === 'string'
      ? { refreshToken: new Secret(refreshToken), clientId }
      : undefined;
  return {
    ...base,
    tokens: {
      accessToken: new Secret(accessToken),
      issuedAtMs,
      expiresAtMs,
      ...(refresh === undefined ? {} : { refresh }),
    },
  };
}

/** A stored JSON object of a version that we know. @throws UnavailableError secret-store-unavailable */
export function parseStoredObject(
  stored: Secret,
  secretName: string,
  schemaVersion: number,
): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(stored.reveal());
  } catch {
    // The parser's own message quotes the text, which is a secret.
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
    `The stored item "${secretName}" is not in a form that this version of rolecall can read; it was left as it is.`,
  );
}
