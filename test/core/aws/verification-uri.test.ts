// The pages of a sign-in: which may be opened, and in which form.
import { describe, expect, test } from 'vitest';
import { findPageToOpen } from '../../../src/core/aws/verification-uri.ts';

const SESSION = { startUrl: 'https://d-1234567890.awsapps.com/start', region: 'us-east-1' };
const LOOPBACK = 'http://127.0.0.1:4000';
const VANITY = { startUrl: 'https://aws.corp.example/', region: 'us-east-1' };
const CHINA = { startUrl: 'https://start.home.awsapps.cn/directory/acme', region: 'cn-north-1' };
const GOV = { startUrl: 'https://start.us-gov-home.awsapps.com/directory/acme', region: 'us-gov-west-1' };
const EUSC = { startUrl: 'https://acme.eusc-de-east-1.portal.amazonaws.eu', region: 'eusc-de-east-1' };

const open = (verificationUri: string, session = SESSION, endpoint: string | undefined = LOOPBACK) =>
  findPageToOpen({ userCode: 'ABCD-EFGH', verificationUri }, session, endpoint);

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

/** What an endpoint could answer with. None of these is AWS's page in the session's partition. */
const LOOKALIKES = [
  'https://awsapps.com.evil.example/start',
  'https://evil-awsapps.com/start',
  'https://xn--wsapps-x1a.com/start',
  'https://xn--d-1234567890-x1a.awsapps.com/start',
  'https://\u0430wsapps.com/start',
  'https://d-1234567890.\u0430wsapps.com/start',
  'https://d-1234567890.awsapps.com./start',
  'https://user@d-1234567890.awsapps.com/start',
  'https://d-1234567890.awsapps.com:8443/start',
  'http://d-1234567890.awsapps.com/start',
  'HTTP://D-1234567890.AWSAPPS.COM/start',
  'https://signin.aws.evil/',
  'https://evil.signin.aws/',
  'https://abc.execute-api.us-east-1.amazonaws.com/start',
  'https://portal.s3.us-east-1.amazonaws.com/start',
  'https://portal.s3.amazonaws.com/start',
  'https://portal-1.us-east-1.elb.amazonaws.com/start',
  'https://evil.portal.amazonaws.com/',
  'https://evil.app.aws/',
  'https://vpce-1.oidc.us-east-1.vpce.amazonaws.com/authorize',
  'https://start.home.awsapps.cn/directory/acme',
  'https://start.us-gov-home.awsapps.com/directory/acme',
  'https://acme.eusc-de-east-1.portal.amazonaws.eu/',
  'https://device.sso.cn-north-1.amazonaws.com.cn/',
  'https://device.sso.us-gov-west-1.amazonaws.com/',
  'https://oidc.us-east-1.amazonaws.com/device_verification',
  // Would ask the user to approve a client of the endpoint's owner.
  'https://oidc.us-east-1.amazonaws.com/authorize?client_id=x&redirect_uri=https%3A%2F%2Fevil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'x-vendor://signin.aws',
  '//signin.aws/',
];

test.each(LOOKALIKES)('%j is printed, and not opened', (uri) => {
  expect(open(uri)).toBeUndefined();
  expect(findPageToOpen({ verificationUri: uri }, SESSION, LOOPBACK)).toBeUndefined();
});

describe('a page of the session is opened', () => {
  test.each([
    ['its portal', SESSION, 'https://d-1234567890.awsapps.com/start/#/device'],
    ['another portal of the partition', VANITY, 'https://d-1234567890.awsapps.com/start/#/device'],
    ['the regional portal', SESSION, 'https://ssoins-1.us-east-1.portal.amazonaws.com/#/device'],
    ['the dual-stack portal', SESSION, 'https://ssoins-1.portal.us-east-1.app.aws/#/device'],
    ["a company's own start URL", VANITY, 'https://aws.corp.example/#/device'],
    ['China', CHINA, 'https://start.cn-north-1.home.awsapps.cn/directory/acme#/device'],
    ['China', CHINA, 'https://device.sso.cn-north-1.amazonaws.com.cn/'],
    ['GovCloud', GOV, 'https://device.sso.us-gov-west-1.amazonaws.com/'],
    ['the European Sovereign Cloud', EUSC, 'https://acme.portal.eusc-de-east-1.api.amazonwebservices.eu/#/device'],
  ])('%s', (_, session, uri) => {
    expect(open(uri, session)).toBe(uri);
  });

  test.each([
    [CHINA, 'https://d-1234567890.awsapps.com/start/#/device'],
    [GOV, 'https://d-1234567890.awsapps.com/start/#/device'],
    [EUSC, 'https://d-1234567890.awsapps.com/start/#/device'],
    [VANITY, 'https://start.home.awsapps.cn/directory/acme#/device'],
    // Also if the start URL is there, which then does not belong to the region.
    [{ ...CHINA, region: 'us-east-1' }, 'https://start.home.awsapps.cn/directory/acme#/device'],
  ])('%j: not %s of another partition', (session, uri) => {
    expect(open(uri, session)).toBeUndefined();
  });
});

describe('the authorize page', () => {
  const QUERY = '?response_type=code&state=x';
  const authorize = (origin: string, session = SESSION, endpoint?: string) =>
    findPageToOpen({ verificationUri: `${origin}/authorize${QUERY}` }, session, endpoint);

  test.each([
    ['https://oidc.us-east-1.amazonaws.com', SESSION, undefined],
    ['https://oidc-fips.us-east-1.amazonaws.com', SESSION, undefined],
    ['https://oidc.us-east-1.amazonaws.com', { ...SESSION, region: 'US-EAST-1' }, undefined],
    ['https://oidc.us-east-1.api.aws', SESSION, undefined],
    ['https://oidc-fips.us-east-1.api.aws', SESSION, undefined],
    ['https://oidc.cn-north-1.amazonaws.com.cn', CHINA, undefined],
    ['https://oidc.us-gov-west-1.amazonaws.com', GOV, undefined],
    ['https://oidc.eusc-de-east-1.amazonaws.eu', EUSC, undefined],
    ['https://oidc.us-iso-east-1.c2s.ic.gov', { startUrl: 'https://x.example', region: 'us-iso-east-1' }, undefined],
    ['https://oidc.us-east-1.api.aws', SESSION, 'https://oidc.us-east-1.api.aws'],
    [LOOPBACK, SESSION, `${LOOPBACK}/`],
    [`${LOOPBACK}/path`, SESSION, `${LOOPBACK}/path`],
  ])('of %s is opened', (origin, session, endpoint) => {
    expect(authorize(origin, session, endpoint)).toBe(`${origin}/authorize${QUERY}`);
  });

  test.each([
    ['https://oidc.eu-west-1.amazonaws.com', undefined],
    ['https://oidc.cn-north-1.amazonaws.com.cn', undefined],
    ['https://oidc.us-east-1.amazonaws.com:8443', undefined],
    ['http://oidc.us-east-1.amazonaws.com', undefined],
    ['https://x@oidc.us-east-1.amazonaws.com', undefined],
    ['https://portal.sso.us-east-1.amazonaws.com', undefined],
    ['https://d-1234567890.awsapps.com', undefined],
    ['https://oidc.us-east-1.amazonaws.com.evil.example', undefined],
    ['https://oidc.us-east-1.amazonaws.com', LOOPBACK],
    ['http://127.0.0.1:4001', LOOPBACK],
    // An endpoint that is not AWS's may be accepted for a sign-in, but its page asks for a password.
    ['https://sso.corp.example', 'https://sso.corp.example'],
  ])('of %s is not opened with the endpoint %s', (origin, endpoint) => {
    expect(authorize(origin, SESSION, endpoint)).toBeUndefined();
  });

  test('is the only page of such a sign-in', () => {
    for (const uri of ['https://oidc.us-east-1.amazonaws.com/', 'https://d-1234567890.awsapps.com/start/#/device']) {
      expect(findPageToOpen({ verificationUri: uri }, SESSION, undefined)).toBeUndefined();
    }
  });
});
