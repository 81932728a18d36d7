// SECURITY.md: each claim names a test that exists, and each section of what is protected has claims.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');

/** Sections without claims of their own. Those of "Programs that run as you" are in its parts. */
const WITHOUT_CLAIMS = [
  'Reporting a problem',
  'What is protected',
  'Programs that run as you',
  'What is not protected',
];

const sections = text
  .split(/^#{2,3} /m)
  .slice(1)
  .map((section) => ({ title: section.split('\n', 1)[0] ?? '', bullets: section.split(/^- /m).slice(1) }))
  .filter(({ title }) => !WITHOUT_CLAIMS.includes(title));

/** `path`: “title”, which may wrap over a line. */
const testsOf = (claim: string) =>
  [...claim.matchAll(/`(test\/[^`]+)`:\s+“([^”]+)”/g)].map(([, path = '', title = '']) => ({
    path,
    title: title.replaceAll(/\s+/g, ' '),
  }));

test('every claim names a test', () => {
  expect(sections.length).toBeGreaterThan(4);
  for (const { title, bullets } of sections) {
    expect({ title, claims: bullets.length }).not.toEqual({ title, claims: 0 });
  }
  expect(sections.flatMap(({ bullets }) => bullets.filter((claim) => testsOf(claim).length === 0))).toEqual([]);
});

test('every named test exists', () => {
  const named = sections.flatMap(({ bullets }) => bullets.flatMap(testsOf));
  const missing = named.filter(
    ({ path, title }) =>
      !existsSync(join(root, path)) || !isTitleIn(readFileSync(join(root, path), 'utf8').replaceAll("\\'", "'"), title),
  );
  expect(missing).toEqual([]);
});

/** Whether it is a whole string of the file, and not only words of a comment. */
function isTitleIn(text: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`));
}
