// AssumeRole: what the request says, and what each answer of STS means.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChainDefinition, Endpoints, RoleCredentials } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import { createRoleAssumer } from '../../src/identity-center/assume-role.ts';
import { faultOf, ROLE, SESSION, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(() => server.close());

describe('an answer of STS to AssumeRole', () => {
  const DEFINITION: ChainDefinition = {
    name: 'deploy',
    source: ROLE,
    roleArn: 'arn:aws:iam::222222222222:role/Deploy',
    roleSessionName: 'taylor',
    durationSeconds: 3600,
    origin: 'config',
  };
  const SOURCE: RoleCredentials = {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: new Secret('the-secret-key'),
    sessionToken: new Secret('the-session-token'),
    expiresAtMs: 0,
  };
  const assume = (definition: Partial<ChainDefinition> = {}, endpoints: Endpoints = { sts: server.url }) =>
    createRoleAssumer({ endpointsOf: () => endpoints, proxyForUrl: () => '', requestTimeoutMs: 1000 }).assumeRole(
      SESSION,
      SOURCE,
      { ...DEFINITION, ...definition },
    );
  const credentials = (expiration: string) =>
    '<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIACHAIN</AccessKeyId>' +
    '<SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken>' +
    `${expiration}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  const form = () => Object.fromEntries(new URLSearchParams(server.requests.at(-1)?.body));

  test('gives credentials, and the request has only what the definition says', async () => {
    server.answer(200, credentials('<Expiration>2030-01-01T00:00:00Z</Expiration>'));
    expect(await assume()).toEqual({
      accessKeyId: 'ASIACHAIN',
      secretAccessKey: new Secret('key'),
      sessionToken: new Secret('token'),
      expiresAtMs: Date.UTC(2030, 0, 1),
    });
    expect(form()).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: DEFINITION.roleArn,
      RoleSessionName: 'taylor',
      DurationSeconds: '3600',
    });
    expect(server.requests[0]?.headers.authorization).toContain('/us-east-1/sts/');
  });

  test('is to a request with policies, tags and ids, in the region of the definition, for an hour at most', async () => {
    server.answer(200, credentials('<Expiration>2030-01-01T00:00:00Z</Expiration>'));
    await assume({
      durationSeconds: 43_200,
      region: 'eu-central-1',
      externalId: 'partner',
      sourceIdentity: 'taylor',
      tags: [{ key: 'team', value: 'a b' }],
      transitiveTagKeys: ['team'],
      policy: '{"Version":"2012-10-17"}',
      policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    });
    expect(form()).toMatchObject({
      DurationSeconds: '3600',
      ExternalId: 'partner',
      SourceIdentity: 'taylor',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'a b',
      'TransitiveTagKeys.member.1': 'team',
      Policy: '{"Version":"2012-10-17"}',
      'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
    });
    expect(server.requests[0]?.headers.authorization).toContain('/eu-central-1/sts/');
  });

  test('is asked for with the time of AWS, not with that of a machine whose clock is off', async () => {
    server.answer(200, credentials('<Expiration>2030-01-01T00:00:00Z</Expiration>'));
    const hourMs = 3_600_000;
    await createRoleAssumer({
      endpointsOf: () => ({ sts: server.url }),
      proxyForUrl: () => '',
      clockAheadMs: () => hourMs,
    }).assumeRole(SESSION, SOURCE, DEFINITION);
    const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(
      String(server.requests[0]?.headers['x-amz-date']),
    ) ?? [''];
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
    const behindMs = Date.now() - Date.UTC(year, month - 1, day, hour, minute, second);
    expect(Math.abs(behindMs - hourMs)).toBeLessThan(60_000);
  });

  test.each([
    [403, 'AccessDenied', 'forbidden'],
    [403, 'RegionDisabledException', 'forbidden'],
    [400, 'ValidationError', 'forbidden'],
    [403, 'ExpiredToken', 'unauthorized'],
    [403, 'InvalidClientTokenId', 'unauthorized'],
    [400, 'MalformedPolicyDocument', 'invalid-policy'],
    [400, 'PackedPolicyTooLarge', 'invalid-policy'],
    [400, 'Throttling', 'throttled'],
    [429, 'Throttling', 'throttled'],
    [500, 'InternalFailure', 'unreachable'],
    [403, 'SignatureDoesNotMatch', 'unusable-response'],
  ])('with status %i and %s is %s', async (status, code, kind) => {
    server.answer(
      status,
      `<ErrorResponse><Error><Code>${code}</Code><Message>because of the-secret-key</Message></Error></ErrorResponse>`,
    );
    const fault = await faultOf(assume());
    expect(fault.kind).toBe(kind);
    expect(fault.message).toMatch(new RegExp(`^AssumeRole at ${server.host} failed: HTTP ${status}, ${code}`));
    expect(fault.message).toContain('because of ');
    expect(fault.message).not.toContain('the-secret-key');
  });

  test('that is not from AWS, or has no credentials, cannot be used', async () => {
    server.answer(200, '<html>Sign in to this network</html>');
    expect((await faultOf(assume())).kind).toBe('unusable-response');
    server.answer(403, '<html>Blocked</html>');
    expect((await faultOf(assume())).kind).toBe('unusable-response');
    server.answer(200, credentials(''));
    expect((await faultOf(assume())).message).toContain('Expiration is missing in the answer');
    server.answer(200, '<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>');
    expect((await faultOf(assume())).message).toContain('Credentials is missing in the answer');
  });

  test('that does not come is none', async () => {
    server.answerWith(() => undefined);
    expect(await faultOf(assume())).toMatchObject({
      kind: 'unreachable',
      message: `AssumeRole at ${server.host} failed: no answer within 1 s.`,
    });
  });

  test.each([
    [{}, { sts: 'http://sts.example.com' }, 'STS at http://sts.example.com is neither https nor on this machine'],
    [{}, { sso: 'http://127.0.0.1:1' }, 'no STS endpoint is set for the emulator'],
    [{ region: 'a.example.com/' }, {}, 'the region is not the name of an AWS region'],
  ])('is not asked for where the keys must not go: %j %j', async (definition, endpoints, reason) => {
    const fault = await faultOf(assume(definition, endpoints));
    expect(fault).toMatchObject({ kind: 'unreachable', message: expect.stringContaining(reason) });
    expect(server.requests).toEqual([]);
  });
});
