// What --json printed in version 0.1.0: each field is still there, in the same situation, with a value of the same type.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runJsonScenarios } from '../helpers/json-scenarios.ts';

interface Recorded {
  readonly exitCode: number;
  readonly document?: unknown;
}

const folder = new URL('../fixtures/json-0-1-0/', import.meta.url);
const recorded = new Map(
  readdirSync(folder).flatMap((file) => {
    const states = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Record<string, Recorded>;
    return Object.entries(states).map(([state, run]) => [`${file.replace('.json', '')} ${state}`, run] as const);
  }),
);

const keyOf = ({ command, state }: { readonly command: string; readonly state: string }) =>
  `${command.replace(/^--/, '').replaceAll(' ', '-')} ${state}`;

/** The paths of fields that `now` lacks: `sessions[].state`. A list counts as one item with the fields of all. */
function findLost(before: unknown, now: unknown, path = ''): string[] {
  if (before === null || now === null) return [];
  if (Array.isArray(before)) {
    if (!Array.isArray(now)) return [path];
    return before.length === 0 || now.length === 0 ? [] : findLost(mergeItems(before), mergeItems(now), `${path}[]`);
  }
  if (typeof before !== 'object') return typeof before === typeof now ? [] : [path];
  if (typeof now !== 'object') return [path];
  return Object.entries(before).flatMap(([name, value]) =>
    Object.hasOwn(now, name)
      ? findLost(value, (now as Record<string, unknown>)[name], `${path}.${name}`)
      : [`${path}.${name}`],
  );
}

function mergeItems(items: readonly unknown[]): unknown {
  const isOfObjects = items.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));
  return isOfObjects ? Object.assign({}, ...(items as object[])) : items[0];
}

test('each field of a document of 0.1.0 is still printed', async () => {
  const runs = new Map((await runJsonScenarios()).map((run) => [keyOf(run), run]));
  expect(recorded.size).toBeGreaterThan(50);
  for (const [key, { exitCode, document }] of recorded) {
    const run = runs.get(key);
    // `login` prints its document as the last of several lines now.
    const now = Array.isArray(run?.document) && !Array.isArray(document) ? run.document.at(-1) : run?.document;
    expect({ key, exitCode: run?.exitCode, lost: findLost(document, now) }).toEqual({ key, exitCode, lost: [] });
  }
});

test('a lost field, and one of another type, would be found', () => {
  expect(findLost({ a: [{ b: 1 }, { c: 'x' }] }, { a: [{ b: 1 }, { d: 1 }] })).toEqual(['.a[].c']);
  expect(findLost({ a: { b: 1 } }, { a: { b: '1' } })).toEqual(['.a.b']);
  expect(findLost({ a: [1], b: null }, { a: [2, 3], b: {}, c: 1 })).toEqual([]);
});
