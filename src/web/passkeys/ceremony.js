// Asks the browser for a passkey: registers a new one, or signs the challenge of an approval. The daemon checks the answer.

/** Why a ceremony ended without an answer, as something to tell the user. */
class CeremonyError extends Error {
  /** @param {'cancelled' | 'known' | 'unsupported' | 'failed'} reason @param {string} message @param {unknown} [cause] */
  constructor(reason, message, cause) {
    super(message, { cause });
    this.reason = reason;
  }
}

/**
 * Whether this page can use passkeys. Their scope is `localhost`, so a page of any other name can't, not even of a name
 * below it.
 * @param {{ isSecureContext: boolean, location: Pick<Location, 'hostname'>, PublicKeyCredential?: unknown }} scope
 */
export function canUsePasskeys(scope) {
  return scope.isSecureContext && scope.location.hostname === 'localhost' && scope.PublicKeyCredential !== undefined;
}

/**
 * @param {object} deps
 * @param {Pick<import('../connection/api.js').Api, 'call'>} deps.api
 * @param {Pick<CredentialsContainer, 'create' | 'get'>} deps.credentials `navigator.credentials`
 */
export function createCeremonies({ api, credentials }) {
  return {
    /**
     * Signs the challenge of an approval with any registered passkey, and hands it in. Call it when the user clicks.
     * @param {string} approvalId
     * @param {AbortSignal} [signal]
     * @returns {Promise<any>} the approval. Rejects with a CeremonyError, or the daemon's error `passkey-refused`.
     */
    async approve(approvalId, signal) {
      const { options } = await api.call('POST', `/v1/approvals/${encodeURIComponent(approvalId)}/challenge`);
      const credential = await ask(() =>
        credentials.get({ publicKey: parseRequest(options), ...(signal && { signal }) }),
      );
      const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
      return api.call('POST', `/v1/approvals/${encodeURIComponent(approvalId)}/assertion`, {
        id: toBase64url(credential.rawId),
        clientDataJSON: toBase64url(response.clientDataJSON),
        authenticatorData: toBase64url(response.authenticatorData),
        signature: toBase64url(response.signature),
      });
    },
    /**
     * Registers the passkey of an approved `add-passkey` approval. Call it when the user clicks.
     * @param {string} approvalId
     * @param {AbortSignal} [signal]
     * @returns {Promise<any>} the passkeys. Rejects with a CeremonyError, or the daemon's error `passkey-refused`.
     */
    async register(approvalId, signal) {
      const path = `/v1/passkeys/${encodeURIComponent(approvalId)}`;
      const { options } = await api.call('POST', `${path}/options`);
      const credential = await ask(() =>
        credentials.create({ publicKey: parseCreation(options), ...(signal && { signal }) }),
      );
      const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
      const publicKey = response.getPublicKey();
      if (publicKey === null) throw new CeremonyError('unsupported', 'This kind of passkey is not supported.');
      return api.call('POST', `${path}/registration`, {
        id: toBase64url(credential.rawId),
        clientDataJSON: toBase64url(response.clientDataJSON),
        authenticatorData: toBase64url(response.getAuthenticatorData()),
        publicKey: toBase64url(publicKey),
        algorithm: response.getPublicKeyAlgorithm(),
        transports: response.getTransports(),
      });
    },
  };
}

/**
 * @param {() => Promise<Credential | null>} begin
 * @returns {Promise<PublicKeyCredential>}
 */
async function ask(begin) {
  try {
    const credential = await begin();
    if (credential !== null) return /** @type {PublicKeyCredential} */ (credential);
  } catch (error) {
    throw describeFailure(error);
  }
  throw new CeremonyError('failed', 'The browser returned no passkey.');
}

/** @param {unknown} error */
function describeFailure(error) {
  switch (error instanceof Error ? error.name : '') {
    case 'AbortError':
    case 'NotAllowedError':
      // One error for all of these, so that a page can't find out which passkeys there are.
      return new CeremonyError('cancelled', 'Cancelled, timed out, or no such passkey here. Try again.', error);
    case 'InvalidStateError':
      return new CeremonyError('known', 'This device already has a passkey for rolecall.', error);
    case 'NotSupportedError':
    case 'SecurityError':
      return new CeremonyError('unsupported', 'This browser can use no passkey here.', error);
    default:
      return new CeremonyError('failed', 'The passkey could not be used. Try again.', error);
  }
}

/** @param {any} options as the daemon sends them @returns {PublicKeyCredentialCreationOptions} */
function parseCreation(options) {
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    user: { ...options.user, id: fromBase64url(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(parseDescriptor),
  };
}

/** @param {any} options as the daemon sends them @returns {PublicKeyCredentialRequestOptions} */
function parseRequest(options) {
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    allowCredentials: options.allowCredentials.map(parseDescriptor),
  };
}

/** @param {any} descriptor @returns {PublicKeyCredentialDescriptor} */
function parseDescriptor(descriptor) {
  return { ...descriptor, id: fromBase64url(descriptor.id) };
}

/** @param {ArrayBuffer} buffer */
export function toBase64url(buffer) {
  const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/u, '');
}

/** @param {string} text */
export function fromBase64url(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}
