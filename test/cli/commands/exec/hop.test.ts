// What `exec --via` and `--policy` say, and files that are no policy, whatever they are.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../../src/core/errors.ts';
import { requireNewEnough } from '../../../../src/local-api/require-new-enough.ts';
import { readHop } from '../../../../src/cli/commands/exec/hop.ts';

const POLICY = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:Get*', Resource: '*' }] };
const ARN = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

let folder: string;
const path = (name: string) => join(folder, name);
const write = (name: string, content: string | Buffer) => {
  writeFileSync(path(name), content);
  return path(name);
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'policy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a policy', () => {
  test('is read from a file, without its white space', async () => {
    const file = write('policy.json', JSON.stringify(POLICY, undefined, 4));
    const link = path('link.json');
    symlinkSync(file, link);
    expect(await readHop('Deploy', [])).toEqual({ role: 'Deploy' });
    for (const name of [file, link]) {
      expect(await readHop('Deploy', [name])).toEqual({ role: 'Deploy', policy: JSON.stringify(POLICY) });
    }
  });

  test('is an ARN that no file is looked for, or several', async () => {
    expect(await readHop('Deploy', [ARN, ARN])).toEqual({ role: 'Deploy', policyArns: [ARN] });
    const ten = Array.from({ length: 10 }, (_, index) => `arn:aws:iam::111111111111:policy/p${index}`);
    const file = write('beside.json', JSON.stringify(POLICY));
    expect(await readHop('Deploy', [...ten, file])).toMatchObject({ policyArns: ten, policy: expect.any(String) });
    await expect(readHop('Deploy', [...ten, ARN])).rejects.toMatchObject({
      code: 'invalid-policy',
      message: 'AWS takes 10 policy ARNs, not 11.',
    });
  });

  test.each<[string, () => string, string]>([
    ['no file', () => path('gone.json'), 'Cannot read the policy PATH: it does not exist.'],
    ['a folder', () => folder, 'Cannot read the policy PATH: it is a folder, not a file.'],
    ['a named pipe', () => pipe('pipe'), 'Cannot read the policy PATH: it is a named pipe, not a file.'],
    ['a link to a device', () => link('/dev/zero'), 'Cannot read the policy PATH: it is a device, not a file.'],
    ['a link to itself', () => link(path('loop'), 'loop'), 'Cannot read the policy PATH: ELOOP.'],
    [
      'a huge file',
      () => write('huge', ' '.repeat(1024 * 1024 + 1)),
      'Cannot read the policy PATH: it is larger than 1 MiB.',
    ],
    ['bytes', () => write('bytes', Buffer.from([0xff, 0xfe, 0x7b])), 'Cannot read the policy PATH: it is not UTF-8.'],
    ['an empty file', () => '/dev/null', 'The policy PATH is not JSON'],
    ['an INI file', () => write('config', '[default]\n'), 'The policy PATH is not JSON'],
    [
      'a deep file',
      () => write('deep', `${'[{"Statement":'.repeat(60_000)}1${'}]'.repeat(60_000)}`),
      'The policy PATH is no policy: it is not a JSON object.',
    ],
    ['another document', () => write('other', '{"a":1}'), 'The policy PATH is no policy: it has no "Statement".'],
    [
      'a long policy',
      () => write('long', JSON.stringify({ Statement: [], Id: 'x'.repeat(2100) })),
      'The policy PATH is too long: 2,124 characters without white space, and AWS takes 2,048.',
    ],
    ['the ARN of a role', () => 'arn:aws:iam::111111111111:role/x', 'PATH is not the ARN of a policy.'],
    ['a policy itself', () => '{"Statement": []}', 'exec --policy takes a file or the ARN of a policy, not the policy'],
  ])('cannot be %s', async (_, make, message) => {
    const word = make();
    await expect(readHop('Deploy', [word])).rejects.toMatchObject({
      errorClass: 'UsageError',
      message: expect.stringContaining(message.replace('PATH', word)),
    });
  });

  test('cannot be two files', async () => {
    const file = write('one.json', JSON.stringify(POLICY));
    await expect(readHop('Deploy', [file, file])).rejects.toMatchObject({ code: 'usage' });
  });

  function pipe(name: string): string {
    execFileSync('mkfifo', [path(name)]);
    return path(name);
  }

  function link(target: string, name = 'link'): string {
    symlinkSync(target, path(name));
    return path(name);
  }
});

test.each(['', ' ', 'a b', 'arn:aws:sts::111111111111:assumed-role/Deploy/x', 'arn:aws:iam::1:role/x', '../x', '-x y'])(
  '%j is no role to go through',
  async (role) => {
    await expect(readHop(role, [])).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('--via') });
  },
);

test('a daemon that is too old is named as the reason, and no other error is taken for that', async () => {
  const refuse = (error: Error, what = '--via') =>
    requireNewEnough(what, async () => {
      throw error;
    });
  const unknownField = new UsageError('invalid-request', 'The body has an unknown field.');
  await expect(refuse(unknownField)).rejects.toMatchObject({
    code: 'daemon-version-mismatch',
    message: 'The daemon is older than this command, and knows no --via.',
    hint: 'rolecall daemon restart',
  });
  await expect(refuse(unknownField, '"rolecall ssh"')).rejects.toMatchObject({
    message: 'The daemon is older than this command, and knows no "rolecall ssh".',
  });
  const other = new UsageError('invalid-policy', 'Syntax errors in policy.');
  await expect(refuse(other)).rejects.toBe(other);
  expect(await requireNewEnough('--via', async () => 1)).toBe(1);
});
