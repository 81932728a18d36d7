// Roles by their ARN, or by their name in an account.
import { expect, test } from 'vitest';
import { isRoleWord, resolveRoleArn } from '../../../src/core/aws/named-role.ts';

const PLACE = { partition: 'aws-us-gov', accountId: '111111111111' };

test.each([
  ['Deploy', 'arn:aws-us-gov:iam::111111111111:role/Deploy'],
  ['team/build/Deploy', 'arn:aws-us-gov:iam::111111111111:role/team/build/Deploy'],
  ['arn:aws:iam::222222222222:role/team/Deploy', 'arn:aws:iam::222222222222:role/team/Deploy'],
  ['arn:aws:sts::222222222222:assumed-role/Deploy/taylor', undefined],
  ['arn:aws:iam::222222222222:user/taylor', undefined],
  ['/Deploy', undefined],
  ['Deploy/', undefined],
  ['a b', undefined],
  ['Deploy\n', undefined],
  ['chain:deploy', undefined],
  ['', undefined],
])('%j is %s', (word, roleArn) => {
  expect(resolveRoleArn(word, PLACE)).toBe(roleArn);
  expect(isRoleWord(word)).toBe(roleArn !== undefined);
});
