// Reads paged lists from AWS, with limits on the number of pages and entries that a server can make us read.
import { IdentityCenterFault, type Page } from '../ports.ts';

/** Ten times as many as the largest organization has, 100 accounts a page. */
const MAX_PAGES = 2000;
/** In a row. AWS's paged APIs may return empty pages before the last one. */
const MAX_EMPTY_PAGES = 100;
/** Per listing, accounts and permission sets together; the largest organizations have about ten thousand. */
const MAX_ENTRIES = 200_000;
/** As of 2026-11 an Identity Center instance has a few thousand permission sets at most. */
export const MAX_PERMISSION_SETS = 20_000;

/** Fails the whole listing, not only one account. */
export class TooManyEntriesFault extends IdentityCenterFault {}

export interface PageReader {
  /**
   * The entries of all pages, `maxEntries` at most.
   * @throws IdentityCenterFault unusable-response: a repeated page token, or pages or entries without end
   * @throws TooManyEntriesFault unusable-response: all lists of this reader together are too long
   */
  readAll<T>(fetchPage: (nextToken?: string) => Promise<Page<T>>, maxEntries?: number): Promise<readonly T[]>;
}

/** Builds a reader for one listing, which may read many lists. */
export function createPageReader(): PageReader {
  let total = 0;
  return {
    async readAll(fetchPage, maxEntries = MAX_ENTRIES) {
      const pages = [];
      const seen = new Set<string>();
      let entries = 0;
      let emptyPages = 0;
      let nextToken: string | undefined;
      for (;;) {
        const page = await fetchPage(nextToken);
        pages.push(page.items);
        entries += page.items.length;
        total += page.items.length;
        if (total > MAX_ENTRIES) {
          throw new TooManyEntriesFault(
            'unusable-response',
            `the lists of accounts and permission sets have more than ${MAX_ENTRIES} entries.`,
          );
        }
        if (entries > maxEntries) throw unusable(`a list has more than ${maxEntries} entries.`);
        nextToken = page.nextToken;
        if (nextToken === undefined) return pages.flat();
        emptyPages = page.items.length === 0 ? emptyPages + 1 : 0;
        if (emptyPages > MAX_EMPTY_PAGES) {
          throw unusable(`a list has more than ${MAX_EMPTY_PAGES} empty pages in a row.`);
        }
        if (seen.has(nextToken)) throw unusable('a list repeats a page token, so it would never end.');
        if (seen.size >= MAX_PAGES) throw unusable(`a list has more than ${MAX_PAGES} pages.`);
        seen.add(nextToken);
      }
    },
  };
}

function unusable(message: string): IdentityCenterFault {
  return new IdentityCenterFault('unusable-response', message);
}
