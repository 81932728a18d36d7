// Paged lists: read to the end, and refused if they never end.
import { expect, test } from 'vitest';
import { createPageReader } from '../../../src/sso/roles/read-pages.ts';

/** Reads a list without an end, whose page `number`, from 1 on, has these entries; tells what became of it. */
async function readEndless(entriesOf: (number: number) => readonly string[]): Promise<[pages: number, said: string]> {
  let pages = 0;
  const reading = createPageReader().readAll(async () => {
    pages += 1;
    return { items: entriesOf(pages), nextToken: `page-${pages}` };
  });
  const said = await reading.then(
    () => 'read',
    (fault: unknown) => (fault as Error).message,
  );
  return [pages, said];
}

test('refuses a list with more than 100 empty pages in a row', async () => {
  expect(await readEndless(() => [])).toEqual([101, 'a list has more than 100 empty pages in a row.']);
});

test('counts empty pages from zero after each entry, and refuses a list of more than 2000 pages', async () => {
  const said = await readEndless((number) => (number % 100 === 0 ? ['entry'] : []));
  expect(said).toEqual([2001, 'a list has more than 2000 pages.']);
});

test('reads a list with empty pages to the end', async () => {
  const pages = [['a'], [], [], ['b'], []];
  let next = 0;
  const list = await createPageReader().readAll(async () => {
    const items = pages[next] as string[];
    next += 1;
    return next < pages.length ? { items, nextToken: `page-${next}` } : { items };
  });
  expect(list).toEqual(['a', 'b']);
});
