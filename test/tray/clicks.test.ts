// Clicks in the tray: which pages they open.
import { expect, test } from 'vitest';
import type { LocalApiClient } from '../../src/local-api/client.ts';
import { performClick } from '../../src/tray/clicks.ts';

/** A daemon that names programs in its answers. */
const hostile = {
  call: async () => ({
    state: 'pending',
    url: 'https://example.awsapps.com/',
    openUri: 'https://example.awsapps.com/',
    browser: 'sh -c evil',
  }),
} as unknown as LocalApiClient;

test('opens pages by session, and never with a program that an answer names', async () => {
  const opened: unknown[][] = [];
  const deps = {
    client: hostile,
    openBrowser: async (...args: unknown[]) => opened.push(args) > 0,
    findBrowserPlace: async () => 'here' as const,
    showSignIn: () => undefined,
  };
  const role = { session: 'work', accountId: '111111111111', permissionSet: 'ReadOnly', profile: null };
  await performClick({ does: 'console', role }, deps);
  await performClick({ does: 'sign-in', session: 'work', force: false }, deps);
  expect(opened).toEqual([
    ['https://example.awsapps.com/', 'work'],
    ['https://example.awsapps.com/', 'work'],
  ]);
});

test('reports a session that stays valid at AWS although it was signed out here', async () => {
  const note = 'The session of work could not be ended at AWS and stays active there until it expires.';
  const answers: unknown[] = [{ endedAtAws: true }, { endedAtAws: false, note }];
  const deps = {
    client: { call: async () => answers.shift() } as unknown as LocalApiClient,
    openBrowser: async () => false,
    findBrowserPlace: async () => 'here' as const,
    showSignIn: () => undefined,
  };
  await performClick({ does: 'sign-out', session: 'work' }, deps);
  await expect(performClick({ does: 'sign-out', session: 'work' }, deps)).rejects.toThrow(note);
});

test('refuses, locks and unlocks with one call each, and opens a page only where the question is on it', async () => {
  const seen: unknown[] = [];
  const unlocks: unknown[] = [
    null,
    { state: 'pending', approve: 'click', places: ['screen', 'terminal'] },
    { state: 'pending', approve: 'passkey', places: ['page'] },
    { state: 'pending', approve: 'click', places: ['terminal'] },
  ];
  const deps = {
    client: {
      call: async (...args: unknown[]) => {
        seen.push(args);
        return args[0] === 'unlock'
          ? { locked: true, approval: unlocks.shift() }
          : { url: `http://${String(args[0])}` };
      },
    } as unknown as LocalApiClient,
    openBrowser: async (url: string) => seen.push(url) > 0,
    findBrowserPlace: async () => 'here' as const,
    showSignIn: () => undefined,
  };
  await performClick({ does: 'refuse', approval: '00000000000000a1' }, deps);
  await performClick({ does: 'lock' }, deps);
  await performClick({ does: 'open-passkey-page' }, deps);
  expect(seen.splice(0)).toEqual([
    ['refuseApproval', { id: '00000000000000a1' }],
    ['lock', {}],
    ['passkeyPage', {}],
    'http://passkeyPage',
  ]);
  for (let turn = 0; turn < 4; turn += 1) await performClick({ does: 'unlock' }, deps);
  expect(seen).toEqual([
    ['unlock', {}],
    ['unlock', {}],
    ['unlock', {}],
    ['passkeyPage', {}],
    'http://passkeyPage',
    ['unlock', {}],
    ['webCode', {}],
    'http://webCode',
  ]);
});

/** Clicks on a sign-in that the daemon answers so; what the daemon was asked, what was shown and opened, and the error. */
async function clickSignIn(answer: object, flow?: 'device', opens = true) {
  const seen: unknown[] = [];
  const call = async (...args: unknown[]) => {
    seen.push(args);
    return answer;
  };
  const deps = {
    client: { call } as unknown as LocalApiClient,
    openBrowser: async (...args: unknown[]) => {
      seen.push(['open', ...args]);
      return opens;
    },
    findBrowserPlace: async () => 'here' as const,
    showSignIn: (session: string) => void seen.push(['show', session]),
  };
  const click = { does: 'sign-in', session: 'my work', force: false, ...(flow === undefined ? {} : { flow }) } as const;
  const error = await performClick(click, deps).catch((thrown: unknown) => thrown);
  return { seen, error };
}

const AUTHORIZE = 'https://oidc.us-east-1.amazonaws.com/authorize?state=x';

test('says where the browser is, and opens the page of a sign-in without a code', async () => {
  const answer = { state: 'pending', flow: 'pkce', verificationUri: AUTHORIZE, openUri: AUTHORIZE };
  expect(await clickSignIn(answer)).toEqual({
    seen: [
      ['startSignIn', { session: 'my work', body: { force: false, browser: 'here' } }],
      ['show', 'my work'],
      ['open', AUTHORIZE, 'my work'],
    ],
    error: undefined,
  });
});

test('asks for a code where one was chosen', async () => {
  const { seen } = await clickSignIn({ state: 'live' }, 'device');
  expect(seen).toEqual([
    ['startSignIn', { session: 'my work', body: { force: false, browser: 'here', flow: 'device' } }],
  ]);
});

test.each([
  ['no browser', { openUri: AUTHORIZE }, 'No browser was found to open the page in.'],
  ['a foreign page', {}, 'The sign-in page of my work is not on a host of AWS, so it was not opened.'],
])('refers to the code for a sign-in without one and with %s', async (_what, pages, message) => {
  const { error } = await clickSignIn({ state: 'pending', flow: 'pkce', ...pages }, undefined, false);
  expect(error).toMatchObject({ message, hint: "rolecall login --use-device-code 'my work'" });
});
