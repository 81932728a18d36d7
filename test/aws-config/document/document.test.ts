// The document keeps every byte, reads what botocore reads, and names the line of everything that botocore refuses.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyHeader,
  describeProblem,
  splitDocument,
  malformedError,
  parseConfigDocument,
  parseInSteps,
  valueOf,
} from '../../../src/aws-config/document/document.ts';
import { configText } from '../config-text.ts';

const PATH = '/home/taylor/.aws/config';

describe('round trip', () => {
  it('gives back every byte of any text', () => {
    fc.assert(
      fc.property(fc.oneof(configText(), fc.string({ unit: 'binary' })), (text) => {
        const lines = splitDocument({ text });
        expect(lines.map((line) => line.text + line.newline).join('')).toBe(text);
        const { lineAt, offsetOf, lineOf } = parseConfigDocument(text, PATH);
        let offset = 0;
        for (const [index, line] of lines.entries()) {
          const number = index + 1;
          const end = offset + line.text.length + line.newline.length;
          expect([lineAt(number), offsetOf(number), lineOf(offset), lineOf(end - 1)]).toEqual([
            line.text,
            offset,
            number,
            number,
          ]);
          offset = end;
        }
        expect([lineAt(lines.length + 1), offsetOf(lines.length + 1)]).toEqual(['', text.length]);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps each kind of line end, and a last line without one', () => {
    expect(splitDocument({ text: '[a]\r\nb = c\n\rd=e' })).toEqual([
      { text: '[a]', newline: '\r\n' },
      { text: 'b = c', newline: '\n' },
      { text: '', newline: '\r' },
      { text: 'd=e', newline: '' },
    ]);
  });
});

it('reads a long file in steps', () => {
  const text = Array.from({ length: 10_000 }, (_, index) => `[profile p${index}]\nregion = us-east-1\n`).join('');
  const steps = parseInSteps(text, PATH);
  let stepCount = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) stepCount += 1;
  expect(stepCount).toBeGreaterThan(5);
  expect(step.value.sections).toHaveLength(10_000);
  expect(step.value.sections.at(-1)).toMatchObject({ name: 'p9999', line: 19_999 });
  // A short file takes one step.
  expect(parseInSteps('[profile p]\n', PATH).next().done).toBe(true);
});

describe('sections', () => {
  it('reads sections, keys, nested blocks, continuations and comments with their lines', () => {
    const text = [
      '# mine',
      '[default]',
      'Region: eu-west-1',
      's3 =',
      '  max_concurrent_requests = 20',
      '# not a part of it',
      '  addressing_style = path',
      '',
      '[profile "two words"]',
      'role_arn = arn:aws:iam::111111111111:role/a',
      '   and = more',
      '; the end',
      '',
    ].join('\n');
    expect(parseConfigDocument(text, PATH)).toMatchObject({
      path: PATH,
      text,
      problems: [],
      sections: [
        {
          kind: 'default',
          name: 'default',
          header: 'default',
          line: 2,
          entries: [
            { key: 'region', value: 'eu-west-1', line: 3, nested: [] },
            {
              key: 's3',
              value: '\nmax_concurrent_requests = 20\naddressing_style = path',
              line: 4,
              nested: [
                { key: 'max_concurrent_requests', value: '20' },
                { key: 'addressing_style', value: 'path' },
              ],
            },
          ],
        },
        {
          kind: 'profile',
          name: 'two words',
          header: 'profile "two words"',
          line: 9,
          entries: [{ key: 'role_arn', value: 'arn:aws:iam::111111111111:role/a\nand = more', line: 10, nested: [] }],
        },
      ],
    });
  });

  it('reads an indented header below a key as part of its value, as botocore does', () => {
    const document = parseConfigDocument('[profile a]\nregion = x\n  [profile b]\n', PATH);
    expect(document.sections.map(({ header }) => header)).toEqual(['profile a']);
  });

  it.each([
    ['default', 'default', 'default'],
    ['profile a', 'profile', 'a'],
    ['profile  "a b"', 'profile', 'a b'],
    ["profile 'it is'", 'profile', 'it is'],
    ['profile a\\ b', 'profile', 'a b'],
    ['profile ""', 'profile', ''],
    ['profile "a\\"b\\c"', 'profile', 'a"b\\c'],
    ['sso-session corp', 'sso-session', 'corp'],
    ['services emu', 'services', 'emu'],
    ['profile two words', 'other', 'profile two words'],
    ['profile "open', 'other', 'profile "open'],
    ['profile open\\', 'other', 'profile open\\'],
    ['profile', 'other', 'profile'],
    [' default ', 'other', ' default '],
    ['preview', 'other', 'preview'],
  ])('reads [%s] as %s %s', (header, kind, name) => {
    expect(classifyHeader(header)).toEqual({ kind, name });
  });

  it('finds a value in the section, else in [DEFAULT]', () => {
    const document = parseConfigDocument('[DEFAULT]\nregion = d\noutput = json\n[profile a]\nregion = a\n', PATH);
    const section = document.sections[1];
    if (section === undefined) throw new Error('no section');
    expect(['region', 'output', 'sso_region'].map((key) => valueOf(document, section, key)?.value)).toEqual([
      'a',
      'json',
      undefined,
    ]);
  });
});

describe('what botocore refuses', () => {
  it.each([
    [
      'a repeated section',
      '[profile a]\n[profile b]\n[profile a]\n',
      3,
      'a second [profile a], the first is on line 1',
    ],
    [
      'a repeated key',
      '[default]\nregion = a\nREGION = b\n',
      3,
      'a second "region" in [default], the first is on line 2',
    ],
    ['a line without "="', '[default]\nregion\n', 2, '"region" has no "="'],
    ['a line without a key', '[default]\n= b\n', 2, '"= b" has no key'],
    ['a key before any section', 'region = a\n', 1, '"region = a" is above the first section'],
    ['an open bracket', '[default]\na = b\n[profile x\n', 3, '"[profile x" has no closing bracket "]"'],
    ['an open bracket on top', '[default\nregion = a\n[a]\nb = c\n', 1, '"[default" has no closing bracket "]"'],
    ['an open bracket with a colon on top', '[profile "a:b"\n', 1, '"[profile "a:b"" has no closing bracket "]"'],
    ['a nested line without "="', '[default]\ns3 =\n  fast\n', 2, '"fast" below "s3" has no "="'],
    [
      'a byte order mark',
      '\ufeff[default]\n',
      1,
      'the file starts with a byte order mark, which AWS clients cannot read',
    ],
    [
      'a long line with control characters',
      `[default]\n\u001b${'x'.repeat(60)}\n`,
      2,
      `"?${'x'.repeat(38)}…" has no "="`,
    ],
  ])('names the line of %s', (_, text, line, reason) => {
    expect(parseConfigDocument(text, PATH).problems).toEqual([{ line, reason }]);
  });

  it('may repeat [DEFAULT], as Python does', () => {
    expect(parseConfigDocument('[DEFAULT]\na = b\n[DEFAULT]\nc = d\n', PATH).problems).toEqual([]);
  });

  it('still gives every readable section of a malformed file', () => {
    const document = parseConfigDocument('\ufeff[profile a]\nnonsense\nregion = x\n[profile a]\noutput = y\n', PATH);
    expect(document.sections.map(({ name, entries }) => [name, entries.map(({ key }) => key)])).toEqual([
      ['a', ['region']],
      ['a', ['output']],
    ]);
    expect(document.problems.map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  it('ignores the keys below a header without its closing bracket', () => {
    const text = '[sso-session a]\nsso_region = x\n[sso-session b\nsso_region = y\n';
    const { sections, problems } = parseConfigDocument(text, PATH);
    expect(sections.map(({ header, entries }) => [header, entries.map(({ value }) => value)])).toEqual([
      ['sso-session a', ['x']],
    ]);
    expect(problems).toEqual([{ line: 3, reason: '"[sso-session b" has no closing bracket "]"' }]);
  });

  it('is reported in one sentence with file and line', () => {
    const [first, second] = parseConfigDocument('[a]\nx\ny\n', PATH).problems;
    if (first === undefined || second === undefined) throw new Error('no problems');
    expect(describeProblem(PATH, first)).toBe('/home/taylor/.aws/config, line 2: "x" has no "=".');
    expect(malformedError(PATH, [first]).toBody()).toEqual({
      code: 'config-malformed',
      message: '/home/taylor/.aws/config, line 2: "x" has no "=".',
      hint: '${EDITOR:-vi} +2 /home/taylor/.aws/config',
    });
    expect(malformedError(PATH, [first, second]).message).toBe(
      '/home/taylor/.aws/config, line 2: "x" has no "=" (and 1 more).',
    );
  });
});
