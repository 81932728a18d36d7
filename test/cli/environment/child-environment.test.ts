// The environment of a program that runs as a role: what is removed, what is set, and what a daemon started inside gets.
import { describe, expect, test } from 'vitest';
import {
  childEnvironment,
  outsideOfExec,
  refuseJavaIdentity,
  regionVariables,
} from '../../../src/cli/environment/child-environment.ts';

const IDENTITY = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/container/x' };
const GIVEN = { identity: IDENTITY, profileName: 'taylor.Admin', region: undefined };
const ALWAYS = { AWS_EC2_METADATA_DISABLED: 'true', ROLECALL_PROFILE: 'taylor.Admin' };

/** All variables that could provide other credentials. */
const HOSTILE = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'SECRET_ACCESS_KEY',
  'AMAZON_ACCESS_KEY_ID',
  'AMAZON_SECRET_ACCESS_KEY',
  'AMAZON_SESSION_TOKEN',
  'AWS_ACCOUNT_ID',
  'AWS_CREDENTIAL_SCOPE',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CREDENTIAL_FILE',
  'AWS_CREDENTIAL_PROFILES_FILE',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_VAULT',
  'AWSUME_PROFILE',
  'AWS_SSO_PROFILE',
  'ROLECALL_PASSPHRASE',
] as const;

test.each(HOSTILE)('removes %s', (name) => {
  expect(childEnvironment({ [name]: 'hostile', HOME: '/h' }, GIVEN)).toEqual({ HOME: '/h', ...IDENTITY, ...ALWAYS });
});

test('removes all of them together and an inherited grant, and keeps only what is given', () => {
  const hostile = Object.fromEntries([...HOSTILE, ...Object.keys(IDENTITY)].map((name) => [name, 'hostile']));
  expect(childEnvironment(hostile, GIVEN)).toEqual({ ...IDENTITY, ...ALWAYS });
});

test('keeps endpoints, files, regions and empty values', () => {
  const harmless = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_CONFIG_FILE: '/c',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-2',
    AWS_CA_BUNDLE: '/ca',
    AWS_PAGER: '',
    ROLECALL_SOCKET: '/s',
  };
  expect(childEnvironment({ ...harmless, GONE: undefined }, GIVEN)).toEqual({ ...harmless, ...IDENTITY, ...ALWAYS });
  expect(childEnvironment(harmless, { ...GIVEN, region: 'sa-east-1' })).toEqual({
    ...harmless,
    ...IDENTITY,
    ...ALWAYS,
    AWS_REGION: 'sa-east-1',
    AWS_DEFAULT_REGION: 'sa-east-1',
  });
  expect(regionVariables(undefined)).toEqual({});
});

describe('a proxy', () => {
  test('gets an exception for the container endpoint, so that it never sees the token', () => {
    const proxy = { HTTP_PROXY: 'http://proxy:3128' };
    expect(childEnvironment(proxy, GIVEN)).toMatchObject({ NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' });
    expect(childEnvironment({ ...proxy, NO_PROXY: 'localhost, .corp' }, GIVEN)).toMatchObject({
      NO_PROXY: 'localhost,.corp,127.0.0.1',
      no_proxy: 'localhost,.corp,127.0.0.1',
    });
  });

  test('that already has the exception, or excludes everything, is unchanged', () => {
    const proxy = { http_proxy: 'http://proxy:3128', NO_PROXY: '*', no_proxy: 'x,127.0.0.1' };
    expect(childEnvironment(proxy, GIVEN)).toEqual({ ...proxy, ...IDENTITY, ...ALWAYS });
  });
});

describe('copies of files', () => {
  const files = { AWS_CONFIG_FILE: '/grant/config', AWS_SHARED_CREDENTIALS_FILE: '/grant/credentials' };

  test('are read by the program, but not by a daemon started inside', () => {
    for (const before of [{}, { AWS_CONFIG_FILE: '/mine' }]) {
      const inside = childEnvironment(before, { ...GIVEN, files });
      expect(inside).toMatchObject(files);
      const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = outsideOfExec(inside);
      expect({ AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE }).toEqual({ AWS_CONFIG_FILE: undefined, ...before });
      expect(Object.keys(outsideOfExec(inside)).filter((name) => name.startsWith('ROLECALL_'))).toEqual([]);
    }
  });

  test('of a nested exec still lead back to the outermost files', () => {
    const outer = childEnvironment({ AWS_CONFIG_FILE: '/mine' }, { ...GIVEN, files });
    const inner = childEnvironment(outer, { ...GIVEN, files: { AWS_CONFIG_FILE: '/inner/config' } });
    expect(inner['AWS_CONFIG_FILE']).toBe('/inner/config');
    expect(outsideOfExec(inner)['AWS_CONFIG_FILE']).toBe('/mine');
    expect(outsideOfExec({ AWS_CONFIG_FILE: '/mine' })).toEqual({ AWS_CONFIG_FILE: '/mine' });
  });
});

test('refuses JVM options that set credentials, and names them', () => {
  for (const [name, property] of [
    ['JAVA_TOOL_OPTIONS', 'aws.accessKeyId'],
    ['JDK_JAVA_OPTIONS', 'aws.profile'],
    ['_JAVA_OPTIONS', 'aws.sharedCredentialsFile'],
    ['MAVEN_OPTS', 'aws.roleArn'],
  ]) {
    expect(() => refuseJavaIdentity({ [String(name)]: `-Xmx1g -D${property}=x` })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `${name} sets ${property}, which Java programs would use instead of the role.`,
        hint: `unset ${name}`,
      }),
    );
  }
  expect(() => refuseJavaIdentity({ JAVA_TOOL_OPTIONS: '-Daws.region=eu-west-1 -Xmx1g' })).not.toThrow();
});
