// Session policies: what arrives at AWS is what the user wrote, without its white space.
import { assert, constantFrom, json as anyJson, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPolicyArn, MAX_POLICY_LENGTH, readSessionPolicy } from '../../../src/core/aws/session-policy.ts';

const statement = '{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}';

describe('a policy document', () => {
  test('loses its white space and nothing else', () => {
    const text = `\uFEFF{\r\n  "Version": "2012-10-17",\n\t"Statement": [ ${statement} ],\n  "Id": "a \\" b  \\\\"\n}\n`;
    expect(readSessionPolicy(text)).toEqual({
      policy: `{"Version":"2012-10-17","Statement":[${statement}],"Id":"a \\" b  \\\\"}`,
    });
  });

  test('keeps both of two equal keys, so that AWS judges them', () => {
    const text = '{"Statement": {"Effect": "Deny", "Effect": "Allow"}}';
    expect(readSessionPolicy(text)).toEqual({ policy: '{"Statement":{"Effect":"Deny","Effect":"Allow"}}' });
  });

  test('means the same with characters that STS does not take', () => {
    const read = readSessionPolicy('{"Statement":[{"Resource":"arn:aws:s3:::b/日本\u007fé😀"}]}') as { policy: string };
    expect(read.policy).toMatch(/^[\u0020-\u00ff]+$/);
    expect(JSON.parse(read.policy)).toEqual({ Statement: [{ Resource: 'arn:aws:s3:::b/日本\u007fé😀' }] });
  });

  test('means the same, whatever the document', () => {
    assert(
      property(anyJson(), constantFrom(0, 1, 4), (json, indent) => {
        const document = { Statement: [JSON.parse(json) as unknown] };
        const read = readSessionPolicy(JSON.stringify(document, undefined, indent));
        if ('problem' in read) expect(read.problem).toMatch(/^is too long/);
        else expect(JSON.parse(read.policy)).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });

  test.each([
    ['', 'is not JSON (line 1, column 1)'],
    ['{"Statement": [],\n  oops}', 'is not JSON (line 2, column 3)'],
    ['[]', 'is no policy: it is not a JSON object'],
    ['null', 'is no policy: it is not a JSON object'],
    ['"Statement"', 'is no policy: it is not a JSON object'],
    ['{"statement": []}', 'is no policy: it has no "Statement"'],
    ['{"Statement": "*"}', 'is no policy: it has no "Statement"'],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'is no policy: it is not a JSON object'],
  ])('%j is refused', (text, problem) => {
    const read = readSessionPolicy(text) as { problem: string };
    // As of 2026-11 not every version of Node says where the mistake is.
    expect([problem, problem.replace(/ \(line.*/u, '')]).toContain(read.problem);
  });

  test('may have as many characters as AWS takes, and no more', () => {
    const fill = (length: number) => `{"Statement":[],"Id":"${'x'.repeat(length - 24)}"}`;
    expect(readSessionPolicy(`  ${fill(MAX_POLICY_LENGTH)}  `)).toEqual({ policy: fill(MAX_POLICY_LENGTH) });
    expect(readSessionPolicy(fill(MAX_POLICY_LENGTH + 1))).toEqual({
      problem: 'is too long: 2,049 characters without white space, and AWS takes 2,048',
    });
  });
});

test.each([
  ['arn:aws:iam::aws:policy/ReadOnlyAccess', true],
  ['arn:aws-us-gov:iam::aws:policy/job-function/ViewOnlyAccess', true],
  ['arn:aws-cn:iam::111111111111:policy/team/Narrow', true],
  ['arn:aws:iam::111111111111:role/Deploy', false],
  ['arn:aws:iam::1111:policy/Narrow', false],
  ['arn:aws:iam::aws:policy/', false],
  ['arn:aws:iam::aws:policy/a b', false],
  ['arn:aws:iam::aws:policy/x\n', false],
  ['policy.json', false],
])('%j is the ARN of a policy: %s', (text, isArn) => {
  expect(isPolicyArn(text)).toBe(isArn);
});
