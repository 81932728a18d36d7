// Entity tags of answers, with which a client asks again only for what has changed.
import { createHash } from 'node:crypto';

export interface Etags {
  /** A strong validator: answers with the same tag have the same bytes. */
  of(answer: Buffer): string;
  /** As `of`, for bytes that a handler keeps until something in them changes: hashing megabytes takes too long. */
  ofKept(answer: Buffer): string;
}

/** `daemonId` is new at each start, because the numbers of kept answers start again. */
export function createEtags(daemonId: string): Etags {
  const revisions = new WeakMap<Buffer, string>();
  let count = 0;
  return {
    of: (answer) => `"${createHash('sha256').update(answer).digest('base64url')}"`,
    ofKept(answer) {
      const known = revisions.get(answer);
      if (known !== undefined) return known;
      count += 1;
      const etag = `"${daemonId}.${count}"`;
      revisions.set(answer, etag);
      return etag;
    },
  };
}

/** Whether `If-None-Match` names the tag; the comparison is weak, as RFC 9110 13.1.2 says. */
export function isNamed(etag: string, ifNoneMatch: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  return [...ifNoneMatch.matchAll(/"[^"]*"/g)].some(([tag]) => tag === etag);
}
