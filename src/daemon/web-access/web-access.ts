// Access to the web surface: a bearer token per daemon start, and one-time codes that the page exchanges for it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { RefusedError, UnavailableError } from '../../core/errors.ts';
import type { WebCodeDocument } from '../../local-api/schemas.ts';
import type { AuditLog } from '../audit/audit-log.ts';

export interface WebAccess {
  readonly token: string;
  /** A random name of this machine, new at each start of the daemon. */
  readonly hostName: string;
  /** Tells where the surface listens. Codes can be issued from then on. */
  openedAt(urls: WebUrls): void;
  /** Another program may answer there: no code is issued any more, and no passkey is accepted. */
  lostAddress(): void;
  /** The only origin where passkeys can be used; undefined while the surface is not open. */
  passkeyUrl(): string | undefined;
  /** For the page, at the address where it is to be opened. @throws UnavailableError web-unavailable: the surface is not open */
  issueCode(where?: keyof WebUrls): WebCodeDocument;
  /** Returns the token, once for each code. @throws RefusedError token-required: the code is wrong, used or too old */
  exchange(code: string): string;
}

export interface WebUrls {
  readonly url: string;
  /** Differs from `url` with a fixed port. */
  readonly passkeyUrl: string;
}

/** From `rolecall web` to a loaded page, including the start of the browser. */
export const CODE_LIFETIME_MS = 60_000;
/** Each `rolecall web` takes one, so more at once come from a loop. The oldest are dropped. */
export const MAX_CODES = 8;
/** After this many wrong codes, all outstanding codes are revoked. */
export const MAX_WRONG_CODES = 32;

interface IssuedCode {
  readonly digest: Buffer;
  readonly expiresAtMs: number;
}

export function createWebAccess(deps: {
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly randomBytes: (size: number) => Buffer;
}): WebAccess {
  const token = deps.randomBytes(32).toString('base64url');
  const hostName = `rolecall-${deps.randomBytes(16).toString('hex')}.localhost`;
  let urls: WebUrls | undefined;
  let issued: readonly IssuedCode[] = [];
  let wrongCodes = 0;

  const forgetOld = () => {
    issued = issued.filter(({ expiresAtMs }) => deps.clock.nowMs() < expiresAtMs);
  };

  return {
    token,
    hostName,
    openedAt(opened) {
      urls = opened;
    },
    lostAddress() {
      urls = undefined;
    },
    passkeyUrl: () => urls?.passkeyUrl,
    issueCode(where = 'url') {
      if (urls === undefined) {
        throw new UnavailableError('web-unavailable', 'The daemon could not open its web address.');
      }
      forgetOld();
      const code = deps.randomBytes(32).toString('base64url');
      const expiresAtMs = deps.clock.nowMs() + CODE_LIFETIME_MS;
      issued = [...issued, { digest: digest(code), expiresAtMs }].slice(-MAX_CODES);
      wrongCodes = 0;
      return { url: `${urls[where]}/#${code}`, code, expiresAt: formatUtcSeconds(expiresAtMs) };
    },
    exchange(code) {
      forgetOld();
      const given = digest(code);
      // Compares with all codes, so that the time does not depend on which one matches.
      const rest = issued.filter((candidate) => !timingSafeEqual(candidate.digest, given));
      if (rest.length < issued.length) {
        issued = rest;
        deps.audit.record({ event: 'web-code-exchanged', surface: 'web' });
        return token;
      }
      deps.audit.record({ event: 'web-code-refused', surface: 'web' });
      wrongCodes += 1;
      if (wrongCodes >= MAX_WRONG_CODES) issued = [];
      throw new RefusedError('token-required', 'The code in the address is unknown, used or older than a minute.', {
        hint: 'rolecall web',
      });
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
