// An endpoint that answers with a page of its own choice: no surface opens it, and each one shows it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { performClick } from '../../../src/tray/clicks.ts';
import { startAwsStandIn, type AwsStandIn } from '../../helpers/aws-stand-in.ts';
import { createRig, SESSION, type Rig } from '../../helpers/rig.ts';

const HOSTILE = [
  'https://awsapps.com.evil.example/start',
  'https://d-1234567890.awsapps.com:8443/start',
  'http://d-1234567890.awsapps.com/start',
  'https://evil.portal.amazonaws.com/',
  'https://start.home.awsapps.cn/directory/acme',
  'https://oidc.us-east-1.amazonaws.com/authorize?client_id=x&redirect_uri=https%3A%2F%2Fevil.example',
  'http://127.0.0.1:1/device',
  'javascript:alert(1)',
  '--help',
];

let aws: AwsStandIn;
let rig: Rig;
let page = '';

beforeEach(async () => {
  aws = await startAwsStandIn(['oidc.us-east-1.amazonaws.com', 'portal.sso.us-east-1.amazonaws.com']);
  aws.alter = (path, body) =>
    path === '/device_authorization'
      ? JSON.stringify({ ...(JSON.parse(body) as object), verificationUri: page, verificationUriComplete: page })
      : body;
  rig = await createRig({ settings: aws.settings, environment: aws.environment });
  aws.target = rig.emulator.url;
});
afterEach(async () => {
  await rig.remove();
  await aws.close();
});

test('no surface opens a page that an endpoint made up, and each one shows it', async () => {
  for (page of HOSTILE) {
    const opened: string[] = [];
    const { exitCode, stderr } = await rig.runCli(['login', '--force', '--no-wait'], { opened });
    expect(exitCode).toBe(0);
    expect({ page, opened, shown: stderr.includes(`Page   ${page}\n`) }).toEqual({ page, opened: [], shown: true });

    await performClick(
      { does: 'sign-in', session: SESSION, force: true },
      {
        client: rig.client,
        openBrowser: async (url) => opened.push(url) > 0,
        findBrowserPlace: async () => 'ssh',
        showSignIn: (_, signIn) => expect(signIn).toMatchObject({ state: 'pending', verificationUri: page }),
      },
    );
    // What the page and the tray make a link of.
    const document = await rig.client.call('signIn', { session: SESSION });
    expect({ page, opened, openUri: document?.openUri }).toEqual({ page, opened: [], openUri: undefined });
    // The next sign-in does not join this one.
    await rig.client.call('cancelSignIn', { session: SESSION });
  }
});
