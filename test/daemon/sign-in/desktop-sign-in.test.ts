// A sign-in from a notification: which pages are opened, and that the code is shown before the page.
import { expect, test } from 'vitest';
import { UnavailableError } from '../../../src/core/errors.ts';
import type { Endpoints, SignInFlow, SsoSession } from '../../../src/core/model.ts';
import { createDesktopSignIn } from '../../../src/daemon/sign-in/desktop-sign-in.ts';
import { createNotifier } from '../../../src/daemon/notifications/notifier.ts';
import type { SignInState } from '../../../src/sso/session/sign-in.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createRecordingDesktop } from '../../helpers/recording-desktop.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const SESSION: SsoSession = {
  sessionName: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: [],
};
const CAUTION = 'Enter the code on the page. Approve only if you just started this and the page shows the same code.';

function pending(verificationUri: string, verificationUriComplete = verificationUri): SignInState {
  return {
    state: 'pending',
    flow: 'device',
    flowReason: 'no-display',
    userCode: 'ABCD-EFGH',
    verificationUri,
    verificationUriComplete,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  };
}

const AUTHORIZE = 'https://oidc.us-east-1.amazonaws.com/authorize?response_type=code&state=x';

/** A sign-in without a code. */
function waiting(page = AUTHORIZE): SignInState {
  return {
    state: 'pending',
    flow: 'pkce',
    flowReason: 'here',
    verificationUri: page,
    verificationUriComplete: page,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  };
}

function build(
  start: (flow: SignInFlow, force: boolean) => Promise<SignInState>,
  options: {
    readonly opens?: boolean;
    readonly template?: string;
    readonly endpoints?: Endpoints;
    readonly shows?: boolean;
  } = {},
) {
  const desktop = createRecordingDesktop({ shows: () => options.shows !== false });
  const notifier = createNotifier({
    backend: desktop.notifications,
    clock: createFakeClock(),
    log: () => undefined,
  });
  const lines: string[] = [];
  const cancelled: string[] = [];
  /** What a person saw, in order. */
  const seen: string[] = [];
  const signIn = createDesktopSignIn({
    broker: {
      startSignIn: (_session, { decision, force }) => start(decision?.flow ?? 'device', force),
      cancelSignIn: ({ sessionName }) => void cancelled.push(sessionName),
    },
    notifier: {
      ...notifier,
      notify(notification) {
        seen.push(`${notification.title}: ${notification.body}`);
        return notifier.notify(notification);
      },
    },
    desktop: {
      async openPage(url, template) {
        seen.push(`page ${url}${template === undefined ? '' : ` by ${template}`}`);
        return options.opens !== false;
      },
    },
    endpointsOf: () => options.endpoints ?? {},
    settings: {
      browsers: new Map(options.template === undefined ? [] : [['work', { template: options.template, line: 1 }]]),
    },
    chooseFlow: (_session, { flow } = {}) => ({ flow: flow ?? 'pkce', reason: 'here' }),
    personActs: () => void seen.push('a person acts'),
    log: (level, message) => void lines.push(`${level} ${message}`),
  });
  return { signIn, seen, lines, cancelled, desktop };
}

test('shows the code, then opens the page without it', async () => {
  const { signIn, seen } = build(async () =>
    pending(
      'https://device.sso.us-east-1.amazonaws.com/',
      'https://device.sso.us-east-1.amazonaws.com/?user_code=ABCD-EFGH',
    ),
  );
  expect(await signIn.start(SESSION)).toBe(true);
  expect(seen).toEqual([
    `Code ABCD-EFGH signs in to work: ${CAUTION}`,
    'page https://device.sso.us-east-1.amazonaws.com/',
  ]);
});

test.each([
  'https://evil.example/device',
  'http://d-1234567890.awsapps.com/start',
  'https://device.sso.us-east-1.amazonaws.com@evil.example/',
  'https://evil-awsapps.com/start',
  'https://abc.execute-api.us-east-1.amazonaws.com/start',
  'https://start.home.awsapps.cn/directory/acme',
  'https://oidc.us-east-1.amazonaws.com/authorize?client_id=x',
  'file:///etc/passwd',
  'javascript:alert(1)',
  // With the code in it a browser would show it to every user of the machine.
  'https://device.sso.us-east-1.amazonaws.com/?c=ABCD-EFGH',
  '--version',
])('names %s and does not open it', async (uri) => {
  const { signIn, seen } = build(async () => pending(uri));
  expect(await signIn.start(SESSION)).toBe(true);
  expect(seen).toEqual([
    `Code ABCD-EFGH signs in to work: Not opened: ${uri}. Its host is neither AWS's for your region nor your start URL's. ${CAUTION}`,
  ]);
});

test('opens a trusted page in the browser of the session, and no other page', async () => {
  const template = 'firefox -P work';
  const { signIn, seen } = build(async () => pending('https://device.sso.us-east-1.amazonaws.com/'), { template });
  expect(await signIn.start(SESSION)).toBe(true);
  expect(seen.at(-1)).toBe('page https://device.sso.us-east-1.amazonaws.com/ by firefox -P work');
  const foreign = build(async () => pending('https://evil.example/device'), { template });
  expect(await foreign.signIn.start(SESSION)).toBe(true);
  expect(foreign.seen.filter((line) => line.startsWith('page '))).toEqual([]);
});

test('names the page when there is no browser', async () => {
  const { signIn, seen } = build(async () => pending('https://d-1234567890.awsapps.com/start/#/device'), {
    opens: false,
  });
  expect(await signIn.start(SESSION)).toBe(true);
  expect(seen.at(-1)).toBe(
    `Code ABCD-EFGH signs in to work: Open https://d-1234567890.awsapps.com/start/#/device in a browser. ${CAUTION}`,
  );
});

test('without a code says what to check, and opens the page', async () => {
  const { signIn, seen } = build(async () => waiting(), { template: 'firefox -P work' });
  expect(await signIn.start(SESSION)).toBe(true);
  expect(seen).toEqual([
    'Signing in to work in your browser: Allow it on the page that opens. Approve only if you just started this.',
    `page ${AUTHORIZE} by firefox -P work`,
  ]);
});

test('a click on the notification of a page asks for a code instead', async () => {
  const forced: boolean[] = [];
  const { signIn, seen, desktop } = build(async (flow, force) => {
    forced.push(force);
    return flow === 'device' ? pending('https://d-1234567890.awsapps.com/start/#/device') : waiting();
  });
  expect(await signIn.start(SESSION, { force: true })).toBe(true);
  desktop.click();
  await waitFor('the page of the code', () => seen.at(-1)?.includes('#/device'));
  expect(seen.slice(2)).toEqual([
    'a person acts',
    `Code ABCD-EFGH signs in to work: ${CAUTION}`,
    'page https://d-1234567890.awsapps.com/start/#/device',
  ]);
  expect(desktop.shown.map(({ isWithdrawn }) => isWithdrawn)).toEqual([true, false]);
  expect(forced).toEqual([true, true]);
});

test.each([
  ['there is no browser', AUTHORIZE, { opens: false }, 'No browser could be started.'],
  ['the page is foreign', 'https://evil.example/authorize', {}, 'The sign-in page is not on a host of AWS.'],
])('without a code refers to a terminal if %s, and cancels', async (_why, page, options, reason) => {
  const { signIn, seen, cancelled } = build(async () => waiting(page), options);
  expect(await signIn.start(SESSION)).toBe(true);
  expect(seen.at(-1)).toBe(`Sign in to work in a terminal: ${reason} Run: rolecall login work`);
  expect(seen.join('\n')).not.toMatch(/undefined|evil|Code/);
  expect(cancelled).toEqual(['work']);
});

test('opens no page without a notification that says what it is for', async () => {
  const { signIn, seen, cancelled } = build(async () => waiting(), { shows: false });
  expect(await signIn.start(SESSION)).toBe(false);
  expect(seen.filter((line) => line.startsWith('page '))).toEqual([]);
  expect(cancelled).toEqual(['work']);
});

test('a live session needs no code; an unreachable AWS is logged', async () => {
  const live = build(async () => ({ state: 'live' }));
  expect(await live.signIn.start(SESSION)).toBe(true);
  expect(live.seen).toEqual([]);
  const offline = build(async () => {
    throw new UnavailableError('identity-center-unreachable', "Identity Center can't be reached.");
  });
  expect(await offline.signIn.start(SESSION)).toBe(false);
  expect(offline.lines).toEqual(["warn sign-in to work from the desktop: Identity Center can't be reached."]);
  expect(offline.cancelled).toEqual([]);
});

test("asks for no code at an endpoint that is neither AWS's nor this machine's", async () => {
  let starts = 0;
  const { signIn, seen } = build(
    async () => {
      starts += 1;
      return pending('https://d-1234567890.awsapps.com/start/#/device');
    },
    { endpoints: { ssoOidc: 'https://relay.example.com' } },
  );
  expect(await signIn.start(SESSION)).toBe(false);
  expect({ starts, seen }).toEqual({
    starts: 0,
    seen: [
      'Sign in to work in a terminal: Signing in to work goes through https://relay.example.com, which is not an AWS endpoint. ' +
        'Sign in from a terminal to confirm it. Run: rolecall login work',
    ],
  });
});
