// The steps of `rolecall uninstall` with a daemon that does not answer.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { UninstallContext, UninstallPlan } from '../../../../src/cli/commands/uninstall/plan.ts';
import { listSteps } from '../../../../src/cli/commands/uninstall/steps.ts';
import { createSystemClock } from '../../../../src/core/clock.ts';
import { DaemonUnreachableError } from '../../../../src/core/errors.ts';
import { resolvePaths } from '../../../../src/local-api/paths.ts';
import { createTemporaryHome, type TemporaryHome } from '../../../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

const PLAN: UninstallPlan = {
  status: undefined,
  maySignOut: false,
  startUrls: ['https://d-1234567890.awsapps.com/start'],
  daemonPid: 4711,
  serviceFiles: [],
  adoptions: 0,
  configFiles: [],
  shell: { changes: [], handWritten: [], problems: [] },
  tokenFiles: [],
  keychain: { state: 'absent' },
  state: [],
  settings: [],
  foreign: [],
  problems: [],
};

/** The codes, messages and hints of all steps, and the routes that were called. */
async function runAll(plan: UninstallPlan) {
  const { environment, path } = home;
  const sources = { environment, homeDirectory: path, platform: 'linux', userId: process.getuid?.() ?? -1 } as const;
  const calls: string[] = [];
  const context: UninstallContext = {
    ...sources,
    paths: resolvePaths(sources),
    clock: createSystemClock(),
    signal: new AbortController().signal,
    stdout: { write: () => true },
    stderr: { write: () => true },
    stdinIsTerminal: false,
    ask: async () => undefined,
    findInstalledService: async () => undefined,
    loadService: () => Promise.reject(new Error('no service is installed')),
    client: {
      call: (route) => {
        calls.push(route);
        return Promise.reject(new DaemonUnreachableError('daemon-not-running', 'The rolecall daemon is not running.'));
      },
    },
  };
  const failures: string[] = [];
  for (const step of listSteps(plan, {}, context)) {
    for (const { message, hint } of await step()) failures.push(`${message} Run: ${hint}`);
  }
  return { failures, calls };
}

const text = (reason: string) =>
  `Not signed out of any sso-session at AWS: ${reason} It stays active there until it ends, or until you sign out on its page. ` +
  'Run: xdg-open https://d-1234567890.awsapps.com/start';

test('a hung daemon is ended, and the sign-in in its memory is named as not ended', async () => {
  expect(await runAll(PLAN)).toEqual({
    failures: [text('The daemon did not answer.')],
    calls: ['stop', 'stop'],
  });
});

test('if tokens are stored, a new daemon is asked to sign out', async () => {
  expect(await runAll({ ...PLAN, maySignOut: true })).toEqual({
    failures: [text('The rolecall daemon is not running.')],
    calls: ['stop', 'status', 'stop'],
  });
});

test('without a daemon and without tokens nothing is to be said', async () => {
  expect(await runAll({ ...PLAN, daemonPid: undefined })).toEqual({ failures: [], calls: ['stop'] });
});
