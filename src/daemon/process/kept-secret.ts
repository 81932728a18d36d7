// Passphrase and key of the secret file, kept for the daemon that replaces a killed one.

export interface KeptSecret {
  readonly passphrase?: string | undefined;
  /** From the file store's key cache. Without it half of the next start goes into deriving the key. */
  readonly fileKey?: string | undefined;
}

export const formatKeptSecret = (secret: KeptSecret): string => JSON.stringify(secret);

/** Reads the text of `formatKeptSecret`. Empty if there is none, or only a part of it arrived. */
export function parseKeptSecret(text: string | undefined): KeptSecret {
  const { passphrase, fileKey } = parseObject(text);
  return { passphrase: textOrNone(passphrase), fileKey: textOrNone(fileKey) };
}

function parseObject(text: string | undefined): { readonly passphrase?: unknown; readonly fileKey?: unknown } {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

const textOrNone = (value: unknown) => (typeof value === 'string' ? value : undefined);
