// Checks what the browser says about a ceremony: its kind, its challenge, and the page that asked.

/** Browsers need about 250 bytes; a few members may be added. */
const MAX_CLIENT_DATA_BYTES = 2048;

export interface ExpectedClientData {
  readonly type: 'webauthn.create' | 'webauthn.get';
  /** base64url */
  readonly challenge: string;
  /** Scheme, name and port. The scope of a passkey, its RP ID, has no port, so any page of `localhost` can ask for one. */
  readonly origin: string;
}

/**
 * What is wrong; undefined if everything is as expected.
 * @see https://www.w3.org/TR/webauthn-3/#dictionary-client-data
 */
export function findClientDataFault(bytes: Buffer, expected: ExpectedClientData): string | undefined {
  if (bytes.length > MAX_CLIENT_DATA_BYTES) return 'its client data is too long';
  const data = parseObject(bytes);
  if (data === undefined) return 'its client data is no JSON object';
  if (data['type'] !== expected.type) return 'it is for another kind of request';
  if (data['challenge'] !== expected.challenge) return 'it signs another challenge';
  if (data['origin'] !== expected.origin) return 'it comes from another page';
  // Another page has embedded ours.
  const { crossOrigin = false, topOrigin } = data;
  return crossOrigin === false && topOrigin === undefined ? undefined : 'it comes from an embedded page';
}

/** The challenge that it claims to sign; undefined if it has none. */
export function readChallenge(bytes: Buffer): string | undefined {
  const { challenge } = (bytes.length > MAX_CLIENT_DATA_BYTES ? undefined : parseObject(bytes)) ?? {};
  return typeof challenge === 'string' ? challenge : undefined;
}

function parseObject(bytes: Buffer): { readonly [member: string]: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
