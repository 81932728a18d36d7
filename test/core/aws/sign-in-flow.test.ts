// Which flow a sign-in takes, by what was asked for, the setting and the place of the browser.
import { expect, test } from 'vitest';
import { BROWSER_PLACES, decideFlow, describeFlow, FLOW_REASONS } from '../../../src/core/aws/sign-in-flow.ts';

test('takes what was asked for, then the setting, whatever the place', () => {
  for (const browser of BROWSER_PLACES) {
    for (const flow of ['device', 'pkce'] as const) {
      for (const setting of ['device', 'pkce', 'auto'] as const) {
        expect(decideFlow({ asked: flow, setting, browser })).toEqual({ flow, reason: 'asked' });
      }
      expect(decideFlow({ setting: flow, browser })).toEqual({ flow, reason: 'setting' });
    }
  }
});

test('with auto, takes PKCE only where the browser is on this machine', () => {
  expect(BROWSER_PLACES.map((browser) => decideFlow({ setting: 'auto', browser }))).toEqual([
    { flow: 'pkce', reason: 'here' },
    { flow: 'device', reason: 'ssh' },
    { flow: 'device', reason: 'container' },
    { flow: 'device', reason: 'wsl' },
    { flow: 'device', reason: 'no-display' },
    { flow: 'device', reason: 'not-opened' },
  ]);
});

test('gives each reason in words', () => {
  expect(describeFlow({ flow: 'pkce', reason: 'here' })).toBe(
    'authorization code (PKCE), because a browser is on this machine',
  );
  expect(describeFlow({ flow: 'device', reason: 'ssh' })).toBe('device code, because this is an SSH session');
  expect(new Set(FLOW_REASONS.map((reason) => describeFlow({ flow: 'device', reason }))).size).toBe(
    FLOW_REASONS.length,
  );
});
