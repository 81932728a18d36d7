// Globs: what they match, compared with a simple definition, and that no pattern is slow.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGlobMatcher, MAX_GLOB_CHARACTERS, matchesGlob } from '../../../src/core/text/glob.ts';

/** What a glob means, without regard to time. */
function matchesByDefinition([wanted, ...restOfGlob]: readonly string[], name: readonly string[]): boolean {
  if (wanted === undefined) return name.length === 0;
  if (wanted === '*') {
    return Array.from({ length: name.length + 1 }, (_, taken) => name.slice(taken)).some((rest) =>
      matchesByDefinition(restOfGlob, rest),
    );
  }
  const [found, ...restOfName] = name;
  return found !== undefined && (wanted === '?' || wanted === found) && matchesByDefinition(restOfGlob, restOfName);
}

const FEW_CHARACTERS = ['a', 'b', '.', '😀', '\ud83d', '\n'];
const name = fc.array(fc.constantFrom(...FEW_CHARACTERS), { maxLength: 7 }).map((characters) => characters.join(''));
const glob = fc
  .array(fc.constantFrom('*', '?', ...FEW_CHARACTERS), { maxLength: 7 })
  .map((characters) => characters.join(''));

test('a glob matches what its definition says', () => {
  const seen = { matching: 0, other: 0 };
  fc.assert(
    fc.property(glob, name, (pattern, text) => {
      const expected = matchesByDefinition(Array.from(pattern), Array.from(text));
      seen[expected ? 'matching' : 'other'] += 1;
      expect(matchesGlob(pattern, text)).toBe(expected);
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.matching, seen.other)).toBeGreaterThan(100);
});

test('a glob covers the whole name, and has no other special characters', () => {
  const matches = createGlobMatcher(['sandbox-*', '*.ReadOnly', 'a?c.Admin', 'x+y', '[ab]']);
  const names = ['sandbox-1.Admin', 'my-sandbox-1.Admin', 'p.ReadOnly', 'p.ReadOnlyX', 'abc.Admin', 'abbc.Admin'];
  expect(names.filter(matches)).toEqual(['sandbox-1.Admin', 'p.ReadOnly', 'abc.Admin']);
  expect(['x+y', 'xxy', 'a', '[ab]'].filter(matches)).toEqual(['x+y', '[ab]']);
  expect(createGlobMatcher([])('anything')).toBe(false);
});

test.each(['*?', '*a', '*', '?*'])('the longest pattern of %j and a last character that is missing answers', (part) => {
  const hostile = `${part.repeat(MAX_GLOB_CHARACTERS / part.length - 1)}~`;
  const matches = createGlobMatcher([hostile]);
  expect(matches('a'.repeat(5000))).toBe(false);
  expect(matches(`${'a'.repeat(5000)}~`)).toBe(part.includes('*'));
});
