// docs/emulator.md matches the emulator: knobs, faults, operations and its example directory.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDirectoryDocument } from '../../src/emulator/directory/directory-document.ts';
import { FAULT_KINDS } from '../../src/emulator/control/faults.ts';
import { DEFAULT_KNOBS } from '../../src/emulator/sessions/knobs.ts';
import { OPERATION_NAMES } from '../../src/emulator/http/operations.ts';

const text = readFileSync(new URL('../../docs/emulator.md', import.meta.url), 'utf8');

test('every knob is documented with its default', () => {
  const section = text.slice(text.indexOf('### Knobs'));
  const documented = Object.fromEntries(
    [...section.matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [name, JSON.parse(value ?? '')]),
  );
  expect(documented).toEqual(DEFAULT_KNOBS);
});

test('every kind of fault is documented', () => {
  const section = text.slice(text.indexOf('### Faults'), text.indexOf('### Knobs'));
  const documented = [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, kind]) => kind);
  expect(documented).toEqual(FAULT_KINDS);
});

test('every operation is named', () => {
  for (const operation of OPERATION_NAMES) expect(text).toContain(operation);
});

test('the example directory is valid', () => {
  const json = /```json\n([\s\S]+?)```/.exec(text)?.[1] ?? '';
  expect(parseDirectoryDocument(JSON.parse(json))).toEqual(JSON.parse(json));
});
