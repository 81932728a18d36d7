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
    showCode: () => undefined,
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
    showCode: () => undefined,
  };
  await performClick({ does: 'sign-out', session: 'work' }, deps);
  await expect(performClick({ does: 'sign-out', session: 'work' }, deps)).rejects.toThrow(note);
});
