// AWS file paths as botocore finds them, with their variables and home folders filled in.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { awsFilePath, portablePath } from '../../../src/platform/files/aws-file-path.ts';

const ENVIRONMENT = { WHERE: '/data', TILDE: '~', EMPTY: '', 'odd-name': '/odd', TWICE: '$WHERE' };

it.each([
  [undefined, '/home/t/.aws/config'],
  ['', '/home/t/.aws/config'],
  ['~/x/config', '/home/t/x/config'],
  ['~', '/home/t'],
  ['/etc/aws', '/etc/aws'],
  ['~other/config', join(process.cwd(), '~other/config')],
  ['relative', join(process.cwd(), 'relative')],
  ['$WHERE/config', '/data/config'],
  ['${WHERE}/$WHERE', '/data/data'],
  ['${odd-name}/c', '/odd/c'],
  ['$TILDE/config', '/home/t/config'],
  ['/a$EMPTY/c', '/a/c'],
  ['$TWICE', join(process.cwd(), '$WHERE')],
  ['$NOPE/config', join(process.cwd(), '$NOPE/config')],
  ['$constructor', join(process.cwd(), '$constructor')],
])('AWS_CONFIG_FILE=%s is %s', (named, expected) => {
  const variables = named === undefined ? {} : { AWS_CONFIG_FILE: named };
  expect(awsFilePath('config', { ...ENVIRONMENT, ...variables }, '/home/t')).toBe(expected);
});

it('finds the credentials file by its own variable and default path', () => {
  expect([
    awsFilePath('credentials', { AWS_CONFIG_FILE: '/c' }, '/home/t'),
    awsFilePath('credentials', { AWS_SHARED_CREDENTIALS_FILE: '~/k' }, '/home/t'),
  ]).toEqual(['/home/t/.aws/credentials', '/home/t/k']);
});

it('gives another process a path that needs neither our variables nor our working directory', () => {
  expect(['$WHERE/c', '~/c', '$TILDE/c', 'c', ''].map((path) => portablePath(path, ENVIRONMENT))).toEqual([
    '/data/c',
    '~/c',
    '~/c',
    join(process.cwd(), 'c'),
    '',
  ]);
});
