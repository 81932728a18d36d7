// Verification URIs: which may be opened, and in which form.
import { expect, test } from 'vitest';
import { findPageToOpen } from '../../../src/core/aws/verification-uri.ts';

const START_URL = 'https://d-1234567890.awsapps.com/start';
const LOOPBACK = 'http://127.0.0.1:4000';

const open = (verificationUri: string) =>
  findPageToOpen({ userCode: 'ABCD-EFGH', verificationUri }, START_URL, LOOPBACK);

test.each([
  ['https://device.sso.us-east-1.amazonaws.com/?a=b', 'itself'],
  ['http://127.0.0.1:4000/device', 'itself'],
  [' HTTPS://Device.SSO.us-east-1.amazonaws.com:443/\n', 'https://device.sso.us-east-1.amazonaws.com/'],
  ['https:\\\\signin.aws\\a b\u2028"c', 'https://signin.aws/a%20b%E2%80%A8%22c'],
  [
    'https://d-1234567890.awsapps.com/start/#/device\t--profile=x y',
    'https://d-1234567890.awsapps.com/start/#/device--profile=x%20y',
  ],
])('%j is opened as %s', (uri, opened) => {
  expect(open(uri)).toBe(opened === 'itself' ? uri : opened);
});

test.each([
  'https://signin.aws@evil.example/',
  'https://evil.example\\@signin.aws/',
  'https://evil.example/#signin.aws',
  'https://signin.aws.evil.example/',
  'http://signin.aws/',
  'file:///etc/passwd',
  '--help',
  'http://127.0.0.1:4001/device',
  'https://signin.aws/?user_code=ABCD-EFGH',
  'https://signin.aws/?user_code=AB\tCD-EFGH',
])('%j is not opened', (uri) => {
  expect(open(uri)).toBeUndefined();
});
