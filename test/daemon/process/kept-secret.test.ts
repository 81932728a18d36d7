// The secret of a killed daemon, which the next one reads from a pipe.
import { expect, test } from 'vitest';
import { formatKeptSecret, parseKeptSecret } from '../../../src/daemon/process/kept-secret.ts';

test('is read back as it was written', () => {
  const secret = { passphrase: 'correct horse', fileKey: 'abc' };
  expect(parseKeptSecret(formatKeptSecret(secret))).toEqual(secret);
});

test.each([undefined, '', '{"passphrase":"corr', 'null', '[]', '{"passphrase":5,"fileKey":{}}'])(
  'is empty when it is lost or damaged: %s',
  (text) => {
    expect(parseKeptSecret(text)).toEqual({});
  },
);
