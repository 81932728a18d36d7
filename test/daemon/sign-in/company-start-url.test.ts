// A session whose start URL is a company's own: signing in follows it to AWS, and nothing else of the session depends on it.
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startAwsStandIn, type AwsStandIn } from '../../helpers/aws-stand-in.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { CONFIG, createRig, SESSION, type Rig } from '../../helpers/rig.ts';

const COMPANY = 'https://aws.corp.example/';
const PORTAL = 'https://d-1234567890.awsapps.com/start';
const config = CONFIG.replace(PORTAL, COMPANY);

let aws: AwsStandIn;
let rig: Rig;
let page: ((response: ServerResponse) => void) | undefined;

const redirectTo = (location: string) => (response: ServerResponse) => void response.writeHead(302, { location }).end();
const isDown = (response: ServerResponse) => void response.destroy();

beforeEach(async () => {
  aws = await startAwsStandIn([
    'aws.corp.example',
    'd-0000000000.awsapps.com',
    'oidc.us-east-1.amazonaws.com',
    'oidc.us-east-1.api.aws',
    'portal.sso.us-east-1.amazonaws.com',
  ]);
  page = redirectTo(PORTAL);
  aws.answer = (host) => (host === 'aws.corp.example' ? page : undefined);
  rig = await createRig({ config, settings: aws.settings, environment: aws.environment });
  aws.target = rig.emulator.url;
});
afterEach(async () => {
  await rig.remove();
  await aws.close();
});

const requestsOfCompany = () => aws.requests.filter((request) => request.includes('corp.example'));

test('signing in follows it once and says where it leads; the session stays the configured one', async () => {
  const { exitCode, stderr } = await rig.runCli(['login', '--no-browser']);
  expect(stderr).toContain(`Its start URL leads to ${PORTAL}\n`);
  expect(exitCode).toBe(0);
  expect(requestsOfCompany()).toEqual(['HEAD aws.corp.example/']);
  expect((await rig.client.call('signIn', { session: SESSION }))?.leadsTo).toBe(PORTAL);
  expect((await rig.client.call('status', {})).sessions).toMatchObject([{ state: 'live', startUrl: COMPANY }]);
  expect(readFileSync(rig.configPath, 'utf8')).toContain(`sso_start_url = ${COMPANY}\n`);
});

test('a sign-in without a code registers for the portal that it leads to', async () => {
  const signIn = await rig.client.call('startSignIn', { session: SESSION, body: { flow: 'pkce' } });
  expect(signIn).toMatchObject({ state: 'pending', leadsTo: PORTAL });
  const page = new URL(signIn.openUri ?? '');
  expect(page.origin).toBe('https://oidc.us-east-1.amazonaws.com');
  // The browser's part, at the emulator, which knows no portal but AWS's.
  const allowed = await fetch(`${rig.emulator.url}${page.pathname}${page.search}`, { redirect: 'manual' });
  await fetch(allowed.headers.get('location') ?? '');
  await waitFor('the sign-in', async () => {
    return (await rig.client.call('signIn', { session: SESSION }))?.state === 'approved';
  });
  expect(requestsOfCompany()).toEqual(['HEAD aws.corp.example/']);
});

test('a dual-stack portal gets the request for a code at its own endpoint', async () => {
  page = redirectTo('https://ssoins-1.portal.us-east-1.app.aws/');
  // The emulator does not know this portal.
  expect((await rig.runCli(['login', '--no-browser'])).exitCode).toBe(1);
  expect(aws.requests).toContain('POST oidc.us-east-1.api.aws/device_authorization');
});

test('setup follows it, and writes it as it was typed', async () => {
  const answers = ['aws.corp.example', '', 'corp', '', 'n'];
  page = redirectTo('https://ssoins-1.portal.eu-west-1.app.aws/');
  const run = () =>
    rig.runCli(['setup', '--dry-run'], {
      isTerminal: true,
      answers: ['y', ...answers],
      environment: { NO_COLOR: '1' },
    });
  const { stdout, stderr } = await run();
  expect(stderr).toContain('  https://aws.corp.example\n  leads to https://ssoins-1.portal.eu-west-1.app.aws\n');
  expect(stderr).toContain('Region of Identity Center, from the start URL');
  expect(stdout).toContain('+sso_start_url = https://aws.corp.example\n+sso_region = eu-west-1\n');

  page = redirectTo('https://evil.example/');
  expect((await run()).stderr).toContain(
    'leads nowhere: aws.corp.example redirects to https://evil.example/, which is not an access portal of AWS',
  );
});

test('credentials and refreshes never ask the company', async () => {
  await rig.runCli(['login', '--no-browser']);
  page = isDown;
  aws.requests.length = 0;
  const role = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };
  rig.emulator.expireAccessTokens();
  expect(await rig.client.call('credentials', { query: role })).toMatchObject({ Version: 1 });
  expect(await rig.client.call('startSignIn', { session: SESSION, body: {} })).toMatchObject({ state: 'live' });
  expect(aws.requests).toContain('POST oidc.us-east-1.amazonaws.com/token');
  expect(requestsOfCompany()).toEqual([]);
});

test('a sign-in while the page is down goes where it led last, and fails before it ever led anywhere', async () => {
  page = isDown;
  const first = await rig.runCli(['login', '--no-browser']);
  expect(first).toMatchObject({
    exitCode: 7,
    stderr: expect.stringContaining(
      `Identity Center of ${SESSION} can't be reached: HEAD at aws.corp.example failed: `,
    ),
  });
  page = redirectTo(PORTAL);
  expect((await rig.runCli(['login', '--no-browser'])).exitCode).toBe(0);
  page = isDown;
  expect((await rig.runCli(['login', '--no-browser', '--force'])).exitCode).toBe(0);
});

test('a page that leads anywhere else stops the sign-in, with the command that corrects it', async () => {
  page = redirectTo('https://awsapps.com.evil.example/start');
  const { exitCode, stderr } = await rig.runCli(['login', '--no-browser']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    `The start URL of ${SESSION} is not AWS's, and aws.corp.example redirects to https://awsapps.com.evil.example/start, ` +
      'which is not an access portal of AWS (only one redirect counts). Set sso_start_url to the address of your access portal.',
  );
  expect(stderr).toContain('${EDITOR:-vi} "${AWS_CONFIG_FILE:-$HOME/.aws/config}"');
  expect(aws.requests.some((request) => request.includes('device_authorization'))).toBe(false);
});

test('a portal of another region is refused by AWS, and the error names the region that its start page names', async () => {
  page = redirectTo('https://d-0000000000.awsapps.com/start');
  const html = (response: ServerResponse) => void response.end('<meta name="region" content="eu-central-1">');
  aws.answer = (host) => ({ 'aws.corp.example': page, 'd-0000000000.awsapps.com': html })[host];
  const { exitCode, stderr } = await rig.runCli(['login', '--no-browser']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    `Identity Center in us-east-1 does not accept https://d-0000000000.awsapps.com/start, the start URL of ${SESSION}: ` +
      `it belongs to eu-central-1. Set sso_region = eu-central-1 in [sso-session ${SESSION}].`,
  );
  expect(stderr).toContain('Run: ${EDITOR:-vi} "${AWS_CONFIG_FILE:-$HOME/.aws/config}"');
});
