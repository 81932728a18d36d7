// The console's addresses: shortcut links of every form of start URL, hosts of every partition, federated sign-ins.
import { describe, expect, test } from 'vitest';
import {
  findAccessPortal,
  findConsole,
  findFederationEndpoint,
  formatConsolePage,
  formatFederatedSignIn,
  formatShortcutLink,
  type ConsoleHosts,
} from '../../../src/core/aws/console-url.ts';
import { Secret } from '../../../src/core/secret.ts';

const ROLE = { accountId: '044444444444', permissionSet: 'Admin-AF' };
const QUERY = 'account_id=044444444444&role_name=Admin-AF';

function consoleOf(region: string): ConsoleHosts {
  const console = findConsole(region);
  if (console === undefined) throw new Error(`no console for ${region}`);
  return console;
}

describe('the shortcut link', () => {
  test.each([
    ['https://d-1234567890.awsapps.com/start', 'https://d-1234567890.awsapps.com/start'],
    ['https://d-1234567890.awsapps.com/start/', 'https://d-1234567890.awsapps.com/start'],
    ['https://d-1234567890.awsapps.com/start/#/', 'https://d-1234567890.awsapps.com/start'],
    ['https://d-1234567890.awsapps.com/start#', 'https://d-1234567890.awsapps.com/start'],
    ['https://acme.awsapps.com/start/?tab=accounts', 'https://acme.awsapps.com/start'],
    [
      'https://start.us-gov-home.awsapps.com/directory/d-1234567890',
      'https://start.us-gov-home.awsapps.com/directory/d-1234567890',
    ],
    [
      'https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/acme/',
      'https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/acme',
    ],
    ['https://start.home.awsapps.cn/directory/d-1234567890', 'https://start.home.awsapps.cn/directory/d-1234567890'],
    [
      'https://ssoins-1234567890abcdef.portal.us-east-1.app.aws',
      'https://ssoins-1234567890abcdef.portal.us-east-1.app.aws',
    ],
    [
      'https://identitycenter.amazonaws.com/ssoins-1234567890abcdef',
      'https://identitycenter.amazonaws.com/ssoins-1234567890abcdef',
    ],
    ['https://someone@d-1234567890.awsapps.com/start', 'https://d-1234567890.awsapps.com/start'],
  ])('of %s starts with it', (startUrl, base) => {
    const portal = findAccessPortal(startUrl, undefined);
    expect(portal && formatShortcutLink(portal, ROLE)).toBe(`${base}/#/console?${QUERY}`);
  });

  test.each(['http://d-1234567890.awsapps.com/start', 'javascript:alert(1)', 'file:///start', 'start', ''])(
    'is none for the start URL %j',
    (startUrl) => {
      expect(findAccessPortal(startUrl, undefined)).toBeUndefined();
      expect(findAccessPortal(startUrl, 'https://portal.example')).toBeUndefined();
    },
  );

  test('encodes the role and the page that it leads to', () => {
    const portal = new URL('https://acme.awsapps.com/start');
    const destination = formatConsolePage(consoleOf('eu-central-1'), 'eu-central-1', 'ec2');
    expect(formatShortcutLink(portal, { ...ROLE, permissionSet: 'a+b=c,d@e.f-_' }, destination)).toBe(
      'https://acme.awsapps.com/start/#/console?account_id=044444444444&role_name=a%2Bb%3Dc%2Cd%40e.f-_' +
        '&destination=https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fec2%2Fhome%3Fregion%3Deu-central-1',
    );
  });

  test('leads to the emulator when the portal is on this machine, and to the start URL for any other endpoint', () => {
    const startUrl = 'https://acme.awsapps.com/start';
    const baseFor = (endpoint: string) => findAccessPortal(startUrl, endpoint)?.href;
    expect({
      loopback: baseFor('http://127.0.0.1:4000/some/path'),
      name: baseFor('https://localhost:4000'),
      privateLink: baseFor('https://vpce-1.portal.sso.us-east-1.vpce.amazonaws.com'),
      lookalike: baseFor('https://127.0.0.1.evil.example'),
    }).toEqual({
      loopback: 'http://127.0.0.1:4000/start',
      name: 'https://localhost:4000/start',
      privateLink: startUrl,
      lookalike: startUrl,
    });
  });
});

describe('partitions', () => {
  test.each([
    ['us-east-1', 'aws', 'https://us-east-1.console.aws.amazon.com', 'https://signin.aws.amazon.com'],
    [
      'ap-southeast-2',
      'aws',
      'https://ap-southeast-2.console.aws.amazon.com',
      'https://ap-southeast-2.signin.aws.amazon.com',
    ],
    ['cn-north-1', 'aws-cn', 'https://cn-north-1.console.amazonaws.cn', 'https://signin.amazonaws.cn'],
    [
      'cn-northwest-1',
      'aws-cn',
      'https://cn-northwest-1.console.amazonaws.cn',
      'https://cn-northwest-1.signin.amazonaws.cn',
    ],
    [
      'us-gov-west-1',
      'aws-us-gov',
      'https://us-gov-west-1.console.amazonaws-us-gov.com',
      'https://signin.amazonaws-us-gov.com',
    ],
    [
      'us-gov-east-1',
      'aws-us-gov',
      'https://us-gov-east-1.console.amazonaws-us-gov.com',
      'https://us-gov-east-1.signin.amazonaws-us-gov.com',
    ],
    [
      'eusc-de-east-1',
      'aws-eusc',
      'https://eusc-de-east-1.console.amazonaws-eusc.eu',
      'https://signin.amazonaws-eusc.eu',
    ],
  ])('%s is in %s', (region, name, console, signIn) => {
    const hosts = consoleOf(region);
    expect({
      name: hosts.partition,
      home: formatConsolePage(hosts, region),
      page: formatConsolePage(hosts, region, 's3'),
      federation: findFederationEndpoint(hosts, region, undefined).href,
    }).toEqual({
      name,
      home: `${console}/console/home?region=${region}`,
      page: `${console}/s3/home?region=${region}`,
      federation: `${signIn}/federation`,
    });
  });

  test.each([
    '',
    'us-east',
    '-us-east-1',
    'us-east-1.evil',
    'US-EAST-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'eu-isoe-west-1',
    'x',
  ])('%j is in none with a known console', (region) => {
    expect(findConsole(region)).toBeUndefined();
  });
});

test('a federated sign-in contains its destination and issuer, at the endpoint that issued the token', () => {
  const token = new Secret('to/k+en=');
  const signIn = {
    issuer: 'https://acme.awsapps.com/start',
    destination: 'https://x.console.aws.amazon.com/?a=b',
    token,
  };
  expect(formatFederatedSignIn(new URL('https://signin.aws.amazon.com/federation'), signIn)).toBe(
    'https://signin.aws.amazon.com/federation?Action=login&Issuer=https%3A%2F%2Facme.awsapps.com%2Fstart' +
      '&Destination=https%3A%2F%2Fx.console.aws.amazon.com%2F%3Fa%3Db&SigninToken=to%2Fk%2Ben%3D',
  );
});

test('nothing that an endpoint answers changes where a federated sign-in leads', () => {
  const endpoint = new URL('https://signin.aws.amazon.com/federation');
  const destination = 'https://us-east-1.console.aws.amazon.com/console/home?region=us-east-1';
  for (const text of [
    'x&Destination=https://evil.example',
    '#@evil.example',
    '\\\\evil.example/',
    '\r\nHost: evil.example',
  ]) {
    const signIn = { issuer: 'https://acme.awsapps.com/start', destination, token: new Secret(text) };
    const url = new URL(formatFederatedSignIn(endpoint, signIn));
    expect([url.origin, url.hash, url.searchParams.getAll('Destination')]).toEqual([
      endpoint.origin,
      '',
      [destination],
    ]);
  }
});

test('credentials of the emulator are sent to the emulator and to no host of AWS', () => {
  expect(findFederationEndpoint(consoleOf('eu-west-1'), 'eu-west-1', 'http://127.0.0.1:4000/').href).toBe(
    'http://127.0.0.1:4000/federation',
  );
});
