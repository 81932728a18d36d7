// Passphrase and key of the secret file, kept for the daemon that replaces a killed one.

export interface KeptSecret {
  readonly passphrase?: string | undefined;
  /** Of the file store's key cache: without it the next daemon works half of its start on the key. */
  readonly fileKey?: string | undefined;
}

export const formatKeptSecret = (secret: KeptSecret): string => JSON.stringify(secret);

/** Of `formatKeptSecret`; nothing when there was none, or it was lost. */
export function parseKeptSecret(text: string | undefined): KeptSecret {
  return text === undefined ? {} : (JSON.parse(text) as KeptSecret);
}
