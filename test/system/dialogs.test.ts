// The dialogs with real programs on a screen in memory: somebody clicks, presses keys, or nothing can be shown.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MIN_READING_MS } from '../../src/daemon/approvals/on-screen.ts';
import { chooseDialogs } from '../../src/daemon/notifications/choose-dialog.ts';
import type { DesktopSources } from '../../src/daemon/notifications/choose-backend.ts';
import { createDesktop } from '../../src/daemon/notifications/desktop.ts';
import type { DialogOutcome, DialogProgram } from '../../src/daemon/notifications/dialog.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { createSignedInRig, SESSION } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { hasVirtualScreen, openVirtualScreen, type VirtualScreen } from '../helpers/virtual-screen.ts';

const home = mkdtempSync(join(tmpdir(), 'rolecall-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const QUESTION = {
  heading: 'rolecall: allow credentials for this role?',
  lines: ['Account: 111111111111', 'Account name: “<b>_Prod</b> & %0A \\n”'],
  timeoutMs: 60_000,
};

/** A desktop where one program is found. */
function sourcesOf(
  name: string,
  environment: Readonly<Record<string, string>>,
  start: typeof spawn = spawn,
): DesktopSources {
  return {
    platform: 'linux',
    kernelRelease: '6.12',
    environment: { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', ...environment },
    findProgram: () => undefined,
    findSystemProgram: (wanted) => (wanted === name ? `/usr/bin/${name}` : undefined),
    isThere: () => false,
    spawn: start,
    clock: createSystemClock(),
  };
}

/** The dialog of one program, as the daemon finds it. */
async function findDialog(...args: Parameters<typeof sourcesOf>): Promise<DialogProgram> {
  const [dialog] = await chooseDialogs(sourcesOf(...args));
  if (dialog === undefined) throw new Error(`${args[0]} was not chosen`);
  return dialog;
}

/** Where the button is, in pixels from the window's right and bottom edge. */
const ALLOW: Readonly<Record<string, readonly [number, number]>> = {
  'pinentry-gtk-2': [50, 26],
  'pinentry-qt': [130, 22],
  zenity: [180, 50],
};
const DENY: Readonly<Record<string, readonly [number, number]>> = {
  'pinentry-gtk-2': [140, 26],
  'pinentry-qt': [50, 22],
  zenity: [480, 50],
};

/** Resolves with the answer of the dialog that is on the screen. A window may be there before it listens: tried again until then. */
async function answerTo(asked: Promise<DialogOutcome>, screen: VirtualScreen, act: Act): Promise<DialogOutcome> {
  let outcome: DialogOutcome | undefined;
  void asked.then((answer) => (outcome = answer));
  return waitFor(
    'an answer',
    async () => {
      const [window] = await screen.windows('rolecall');
      if (outcome === undefined && window !== undefined) await act(screen, window);
      return outcome;
    },
    { intervalMs: 100 },
  );
}

type Act = (screen: VirtualScreen, window: string) => Promise<void>;

describe.each(['pinentry-gtk-2', 'pinentry-qt', 'zenity'] as const)('%s', (name) => {
  const isThere = systemPart(name, `/usr/bin/${name}`) && hasVirtualScreen;
  const acts: Readonly<Record<string, readonly [Act, DialogOutcome]>> = {
    'a click on Allow': [(screen, window) => screen.click(window, ...(ALLOW[name] ?? [0, 0])), 'allowed'],
    'a click on Deny': [(screen, window) => screen.click(window, ...(DENY[name] ?? [0, 0])), 'denied'],
    Return: [(screen, window) => screen.press(window, 'Return'), 'denied'],
    'the space bar': [(screen, window) => screen.press(window, 'space'), 'denied'],
    Escape: [(screen, window) => screen.press(window, 'Escape'), 'denied'],
  };

  test.skipIf(!isThere).concurrent('a click on Allow allows; Deny, Return, the space bar and Escape deny', async () => {
    const screen = await openVirtualScreen();
    try {
      const dialog = await findDialog(name, { DISPLAY: screen.display });
      const outcomes: Record<string, DialogOutcome> = {};
      for (const [what, [act]] of Object.entries(acts)) {
        outcomes[what] = await answerTo(dialog.ask(QUESTION, new AbortController().signal), screen, act);
      }
      expect(outcomes).toEqual(Object.fromEntries(Object.entries(acts).map(([what, [, outcome]]) => [what, outcome])));
    } finally {
      screen.close();
    }
  });

  test
    .skipIf(!isThere)
    .concurrent('nobody answers, the question is withdrawn, the program is killed, no display', async () => {
      const screen = await openVirtualScreen();
      try {
        const environment = { DISPLAY: screen.display };
        const dialog = await findDialog(name, environment);
        const never = new AbortController().signal;
        expect(await dialog.ask({ ...QUESTION, timeoutMs: 1 }, never)).toBe('timed-out');

        const withdrawn = new AbortController();
        const answer = dialog.ask(QUESTION, withdrawn.signal);
        await screen.findWindow('rolecall');
        withdrawn.abort();
        expect(await answer).toBe('closed');
        expect(await dialog.ask(QUESTION, withdrawn.signal)).toBe('closed');

        let child: ReturnType<typeof spawn> | undefined;
        const start = ((...args: Parameters<typeof spawn>) => (child = spawn(...args))) as typeof spawn;
        const unanswered = (await findDialog(name, environment, start)).ask(QUESTION, never);
        await screen.findWindow('rolecall');
        child?.kill('SIGTERM');
        expect(await unanswered).toBe('closed');
      } finally {
        screen.close();
      }
      // No server has so high a number.
      expect(await (await findDialog(name, { DISPLAY: ':64999' })).ask(QUESTION, new AbortController().signal)).toBe(
        'unavailable',
      );
    });
});

const PROTECTED = `[[protect]]
permission_set = "Admin-AF-Permission-Set"
`;

test
  .skipIf(!systemPart('pinentry-gtk-2', '/usr/bin/pinentry-gtk-2') || !hasVirtualScreen)
  .concurrent('the daemon asks on its screen, one question after the other, and a click there approves', async () => {
    const screen = await openVirtualScreen();
    let readingMs = 0;
    const clock = { ...createSystemClock(), monotonicMs: () => performance.now() + readingMs };
    const desktop = await createDesktop({
      ...sourcesOf('pinentry-gtk-2', { DISPLAY: screen.display }),
      userId: process.getuid?.() ?? -1,
      startBrowser: () => Promise.reject(new Error('nobody browses here')),
    });
    const rig = await createSignedInRig({ settings: PROTECTED, desktop, clock });
    try {
      const ask = (accountId: string) =>
        rig.client.call('askApproval', {
          body: { session: SESSION, accountId, permissionSet: 'Admin-AF-Permission-Set' },
        });
      const asked = [await ask('111111111111'), await ask('222222222222')];
      expect(asked.map(({ state, places }) => ({ state, places }))).toEqual(
        asked.map(() => ({ state: 'pending', places: expect.arrayContaining(['screen']) as string[] })),
      );
      const act = async (index: number, button: readonly [number, number]) => {
        await screen.findWindow('rolecall');
        readingMs += MIN_READING_MS;
        return waitFor('the answer', async () => {
          const windows = await screen.windows('rolecall');
          expect(windows.length).toBeLessThanOrEqual(1);
          const { state } = await rig.client.call('approval', { id: asked[index]?.id ?? '' });
          if (state !== 'pending') return state;
          if (windows[0] !== undefined) await screen.click(windows[0], ...button);
          return undefined;
        });
      };
      expect(await act(0, ALLOW['pinentry-gtk-2'] ?? [0, 0])).toBe('approved');
      expect(await act(1, DENY['pinentry-gtk-2'] ?? [0, 0])).toBe('refused');
    } finally {
      await rig.remove();
      screen.close();
    }
  });
