// Who may use the web surface: the bearer token of this start of the daemon, and the codes that a page exchanges for it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { RefusedError, UnavailableError } from '../../core/errors.ts';
import type { WebCodeDocument } from '../../local-api/schemas.ts';
import type { AuditLog } from '../audit/audit-log.ts';

export interface WebAccess {
  readonly token: string;
  /** A name of this machine that nobody knows before this start of the daemon. */
  readonly hostName: string;
  /** Where the surface listens; codes can be had from then on. */
  openedAt(url: string): void;
  /** @throws UnavailableError web-unavailable: the surface is not open */
  issueCode(): WebCodeDocument;
  /** The token, once for each code. @throws RefusedError token-required: the code is wrong, used or too old */
  exchange(code: string): string;
}

/** From `rolecall web` to a page that runs; a browser that has to start first takes some of it. */
export const CODE_LIFETIME_MS = 60_000;
/** One a `rolecall web`; more at once is a loop. Of too many the oldest goes. */
export const MOST_CODES = 8;
/** Wrong codes that are borne before all that are out are void. */
export const MOST_WRONG_CODES = 32;

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
  let url: string | undefined;
  let issued: readonly IssuedCode[] = [];
  let wrongCodes = 0;

  const forgetOld = () => {
    issued = issued.filter(({ expiresAtMs }) => deps.clock.nowMs() < expiresAtMs);
  };

  return {
    token,
    hostName,
    openedAt(address) {
      url = address;
    },
    issueCode() {
      if (url === undefined) {
        throw new UnavailableError('web-unavailable', 'The daemon could not open its web address.');
      }
      forgetOld();
      const code = deps.randomBytes(32).toString('base64url');
      const expiresAtMs = deps.clock.nowMs() + CODE_LIFETIME_MS;
      issued = [...issued, { digest: digest(code), expiresAtMs }].slice(-MOST_CODES);
      wrongCodes = 0;
      return { url: `${url}/#${code}`, code, expiresAt: formatUtcSeconds(expiresAtMs) };
    },
    exchange(code) {
      forgetOld();
      const given = digest(code);
      // All are compared, whichever it is: the time tells nothing.
      const rest = issued.filter((candidate) => !timingSafeEqual(candidate.digest, given));
      if (rest.length < issued.length) {
        issued = rest;
        deps.audit.record({ event: 'web-code-exchanged', surface: 'web' });
        return token;
      }
      deps.audit.record({ event: 'web-code-refused', surface: 'web' });
      wrongCodes += 1;
      if (wrongCodes >= MOST_WRONG_CODES) issued = [];
      throw new RefusedError('token-required', 'The code in the address is unknown, used or older than a minute.', {
        hint: 'rolecall web',
      });
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
