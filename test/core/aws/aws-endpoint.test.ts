// Which endpoints count as AWS's own: its sign-in hosts in every partition, and nothing that a customer can own.
import { describe, expect, test } from 'vitest';
import { isAwsEndpoint } from '../../../src/core/aws/aws-endpoint.ts';

describe('isAwsEndpoint', () => {
  test.each([
    'https://oidc.us-east-1.amazonaws.com',
    'https://oidc.us-east-1.amazonaws.com:443/',
    'https://portal.sso.eu-central-1.amazonaws.com',
    'https://oidc-fips.us-gov-west-1.amazonaws.com',
    'https://portal.sso-fips.ca-central-1.amazonaws.com',
    'https://oidc.cn-northwest-1.amazonaws.com.cn',
    'https://oidc.eusc-de-east-1.amazonaws.eu',
    'https://portal.sso.us-iso-east-1.c2s.ic.gov',
    'https://OIDC.us-east-1.api.aws',
    'https://oidc.cn-north-1.api.amazonwebservices.com.cn',
  ])('accepts %s', (url) => {
    expect(isAwsEndpoint(url)).toBe(true);
  });

  test.each([
    'http://oidc.us-east-1.amazonaws.com',
    'https://oidc.us-east-1.amazonaws.com:8443',
    'https://oidc.us-east-1.amazonaws.com.evil.example',
    'https://oidc.us-east-1.amazonaws.com@evil.example',
    'https://user@oidc.us-east-1.amazonaws.com',
    'https://oidc.evil.us-east-1.amazonaws.com',
    'https://oidc.us-east-1.evil.amazonaws.com',
    'https://abc123.execute-api.us-east-1.amazonaws.com',
    'https://oidc.s3.us-east-1.amazonaws.com',
    'https://oidc.us-east-1.amazonaws.com.',
    'https://oidc.us-east-1.on.aws',
    'http://127.0.0.1:4000',
    'not a URL',
  ])('refuses %s', (url) => {
    expect(isAwsEndpoint(url)).toBe(false);
  });
});
