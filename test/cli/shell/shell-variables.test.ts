// Variables for each shell: the exact lines, and that real shells read the values back unchanged and run nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatVariables, guessFormat, type VariableFormat } from '../../../src/cli/shell/shell-variables.ts';
import { systemPart } from '../../helpers/system.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

const CHANGES = {
  set: { AWS_ACCESS_KEY_ID: 'ASIA1', AWS_SESSION_TOKEN: 'a/b+c==', AWS_REGION: 'eu-west-1' },
  unset: ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'],
} as const;

/** Values that no key has, for AWS does not promise that. */
const NASTY = [
  "it's",
  '$(touch ran) `touch ran` ${HOME} $HOME',
  '\\',
  "\\'",
  "'\\''",
  "''",
  '"; touch ran; "',
  '=ls',
  '~root:~',
  '!!',
  'a\nb',
  '%s %n %',
  '*',
  ' padded ',
  'Grüße 🚀',
  '‘’‚‛ $env:HOME',
  '',
] as const;

describe('the lines', () => {
  test.each([
    [
      'bash',
      "export AWS_ACCESS_KEY_ID='ASIA1'\nexport AWS_SESSION_TOKEN='a/b+c=='\nexport AWS_REGION='eu-west-1'\nunset AWS_PROFILE AWS_DEFAULT_PROFILE\n",
    ],
    [
      'zsh',
      "export AWS_ACCESS_KEY_ID='ASIA1'\nexport AWS_SESSION_TOKEN='a/b+c=='\nexport AWS_REGION='eu-west-1'\nunset AWS_PROFILE AWS_DEFAULT_PROFILE\n",
    ],
    [
      'fish',
      "set -gx AWS_ACCESS_KEY_ID 'ASIA1';\nset -gx AWS_SESSION_TOKEN 'a/b+c==';\nset -gx AWS_REGION 'eu-west-1';\nset -e AWS_PROFILE;\nset -e AWS_DEFAULT_PROFILE;\n",
    ],
    [
      'powershell',
      "$env:AWS_ACCESS_KEY_ID = 'ASIA1'\n$env:AWS_SESSION_TOKEN = 'a/b+c=='\n$env:AWS_REGION = 'eu-west-1'\nRemove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue\nRemove-Item Env:AWS_DEFAULT_PROFILE -ErrorAction SilentlyContinue\n",
    ],
    ['dotenv', 'AWS_ACCESS_KEY_ID=ASIA1\nAWS_SESSION_TOKEN=a/b+c==\nAWS_REGION=eu-west-1\n'],
    ['json', '{\n  "AWS_ACCESS_KEY_ID": "ASIA1",\n  "AWS_SESSION_TOKEN": "a/b+c==",\n  "AWS_REGION": "eu-west-1"\n}\n'],
  ] as const)('for %s', (format, text) => {
    expect(formatVariables(format, CHANGES)).toBe(text);
  });

  test('for PowerShell double every character that it reads as a quote', () => {
    const text = formatVariables('powershell', { set: { A: "it's", B: '‘’‚‛ $env:HOME' }, unset: [] });
    expect(text).toBe("$env:A = 'it''s'\n$env:B = '‘‘’’‚‚‛‛ $env:HOME'\n");
  });

  test('for dotenv are refused when readers disagree on them', () => {
    for (const value of NASTY.filter((nasty) => nasty !== '' && nasty !== '=ls')) {
      expect(() => formatVariables('dotenv', { set: { A: value }, unset: [] })).toThrow(
        expect.objectContaining({
          code: 'unusable-response',
          message: 'A contains characters that cannot be written to a dotenv file.',
        }),
      );
    }
  });
});

const PRINT = 'import json, os; print(json.dumps([os.environ.get(f"V{n}") for n in range(100)]))';
const PYTHON = '/usr/bin/python3';

describe.each([
  ['bash', '/bin/bash', ['-c', 'eval "$(cat "$LINES_FILE")" && exec python3 -c "$PRINT"']],
  ['bash', '/bin/sh', ['-c', 'eval "$(cat "$LINES_FILE")" && exec python3 -c "$PRINT"']],
  ['zsh', '/usr/bin/zsh', ['-c', 'eval "$(cat "$LINES_FILE")" && exec python3 -c "$PRINT"']],
  ['zsh', '/usr/bin/zsh', ['-o', 'rcquotes', '-c', 'eval "$(cat "$LINES_FILE")" && exec python3 -c "$PRINT"']],
  ['fish', '/usr/bin/fish', ['-c', 'cat $LINES_FILE | source; python3 -c $PRINT']],
] as const)('as %s lines in %s %j', (format: VariableFormat, path, args) => {
  test.skipIf(!systemPart(path, path) || !systemPart('Python', PYTHON))('come back exactly', async () => {
    const home = createTemporaryHome();
    const file = `${home.path}/lines`;
    const set = Object.fromEntries(NASTY.map((value, index) => [`V${index}`, value]));
    writeFileSync(file, formatVariables(format, { set, unset: ['V98', 'V99'] }));
    const output = execFileSync(path, args, {
      cwd: home.environment['TMPDIR'],
      env: { ...home.environment, LINES_FILE: file, PRINT, V98: 'gone' },
      encoding: 'utf8',
      timeout: 50_000,
    });
    expect((JSON.parse(output) as unknown[]).slice(0, NASTY.length)).toEqual([...NASTY]);
    expect((JSON.parse(output) as unknown[]).slice(98)).toEqual([null, null]);
    expect(readdirSync(home.environment['TMPDIR'] ?? '')).not.toContain('ran');
    await home.remove();
  });
});

test('the format is guessed from $SHELL, and undefined for unsupported shells', () => {
  const guesses = ['/bin/bash', '/usr/bin/zsh', '/opt/fish', '/usr/bin/pwsh', '/bin/dash', '', undefined, '/bin/tcsh'];
  expect(guesses.map(guessFormat)).toEqual(['bash', 'zsh', 'fish', 'powershell', 'bash', 'bash', 'bash', undefined]);
});
