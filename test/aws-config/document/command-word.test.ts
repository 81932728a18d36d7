// A quoted path must be read correctly by a real shell and by the JS SDK, which removes comments from values.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromProcess } from '@aws-sdk/credential-providers';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { quoteCommandWord } from '../../../src/aws-config/document/command-word.ts';
import { splitWords } from '../../../src/aws-config/document/header-words.ts';
import type { TemporaryHome } from '../../helpers/temporary-home.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;

beforeEach(() => {
  home = createTemporaryHome();
});

afterEach(async () => {
  await home.remove();
});

it('leaves a plain word unquoted and double-quotes one with a space', () => {
  expect(['/opt/x-y_z.1', '/my app/x', '/a$b', '/a #b'].map(quoteCommandWord)).toEqual([
    '/opt/x-y_z.1',
    '"/my app/x"',
    `"/a"'$'"b"`,
    '"/a ""#b"',
  ]);
});

it('is read back by the rules of shlex and never contains " #" or " ;"', () => {
  const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '$', '`', '\\', '#', ';', 'Ü', '=', '{', ',') });
  fc.assert(
    fc.property(word, (text) => {
      const quoted = quoteCommandWord(`/${text}`);
      expect(splitWords(`${quoted} --current`)).toEqual([`/${text}`, '--current']);
      expect(quoted).not.toMatch(/\s[#;]/u);
    }),
    { numRuns: 1000 },
  );
});

it('is read back by /bin/sh and run by the JS SDK', async () => {
  const folder = join(home.path, `it's a "b" $HOME \`id\` \\x #1 ;2 Ü`);
  const program = join(folder, 'give-keys');
  mkdirSync(folder);
  writeFileSync(program, `#!/bin/sh\necho '{"Version":1,"AccessKeyId":"AKID'$1'","SecretAccessKey":"s"}'\n`);
  chmodSync(program, 0o755);
  const command = `${quoteCommandWord(program)} --current`;
  expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoteCommandWord(program)}`], { encoding: 'utf8' })).toBe(program);

  const filepath = join(home.path, 'config');
  writeFileSync(filepath, `[profile x]\nregion = us-east-1\ncredential_process = ${command}\n`);
  const credentials = await fromProcess({
    profile: 'x',
    filepath: join(home.path, 'none'),
    configFilepath: filepath,
  })();
  expect(credentials.accessKeyId).toBe('AKID--current');
});
