// Where the daemon takes the passphrase from, and that it does not stay in the environment.
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPassphraseFile, takePassphrase } from '../../../src/daemon/process/passphrase.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

function credentials(text: string): string {
  const directory = join(home.path, 'credentials');
  mkdirSync(directory);
  writeFileSync(join(directory, 'rolecall-passphrase'), text);
  return directory;
}

test("takes it from the pipe, else from the service's credential, else from the variable", () => {
  const piped = join(home.path, 'piped');
  writeFileSync(piped, 'from the pipe ');
  const fd = openSync(piped, 'r');
  const environment = {
    ROLECALL_PASSPHRASE_FD: String(fd),
    CREDENTIALS_DIRECTORY: credentials('from the credential\n'),
    ROLECALL_PASSPHRASE: 'from the variable',
    LANG: 'C',
  };
  const withoutPipe = { ...environment, ROLECALL_PASSPHRASE_FD: undefined };
  expect([
    takePassphrase(environment),
    takePassphrase(withoutPipe),
    takePassphrase({ ROLECALL_PASSPHRASE: 'from the variable' }),
    takePassphrase({}),
  ]).toEqual(['from the pipe ', 'from the credential', 'from the variable', undefined]);
  expect([environment, withoutPipe]).toEqual([{ LANG: 'C' }, { LANG: 'C' }]);
  expect(() => closeSync(fd)).toThrow('EBADF');
});

test('uses the variable if the credential is missing or the descriptor is closed', () => {
  const environment = { ROLECALL_PASSPHRASE_FD: '987', CREDENTIALS_DIRECTORY: home.path, ROLECALL_PASSPHRASE: 'v' };
  expect(takePassphrase(environment)).toBe('v');
});

test('refuses an empty pipe, which a client leaves that was killed before it wrote to it', () => {
  const fd = openSync('/dev/null', 'r');
  expect(() => takePassphrase({ ROLECALL_PASSPHRASE_FD: String(fd) })).toThrow('ended before it passed the passphrase');
});

test('reads the file of the user, but none that other users can read or own', () => {
  const userId = process.getuid?.() ?? -1;
  const path = join(home.path, 'passphrase');
  expect(readPassphraseFile(path, userId)).toBeUndefined();
  writeFileSync(path, 'from the file \n', { mode: 0o600 });
  expect(readPassphraseFile(path, userId)).toBe('from the file ');
  chmodSync(path, 0o640);
  expect(readPassphraseFile(path, userId)).toBeUndefined();
  chmodSync(path, 0o600);
  if (userId === 0) chownSync(path, 65_534, 65_534);
  expect(readPassphraseFile(path, userId)).toBe(userId === 0 ? undefined : 'from the file ');
});
