// A screen in memory (Xvfb) with somebody in front of it (xdotool), for dialogs of real programs.
import { spawn } from 'node:child_process';
import { runProcess } from './run-process.ts';
import { systemPart } from './system.ts';
import { waitFor } from './wait-for.ts';

export const hasVirtualScreen =
  systemPart('Xvfb', '/usr/bin/Xvfb') && systemPart('xdotool (to click on dialogs)', '/usr/bin/xdotool');

export interface VirtualScreen {
  /** `:N`. */
  readonly display: string;
  /** Resolves with its id once a window of this title is on the screen. */
  findWindow(title: string): Promise<string>;
  /** The ids of those that are on the screen now. */
  windows(title: string): Promise<readonly string[]>;
  press(windowId: string, key: string): Promise<void>;
  /** A click, in pixels from the window's right and bottom edge. */
  click(windowId: string, fromRight: number, fromBottom: number): Promise<void>;
  close(): void;
}

export async function openVirtualScreen(): Promise<VirtualScreen> {
  // Without -noreset it starts anew when the last window closes, and meanwhile refuses the next.
  const server = spawn(
    '/usr/bin/Xvfb',
    ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  );
  let number = '';
  server.stdio[3]?.on('data', (chunk: Buffer) => {
    number += chunk.toString();
  });
  await waitFor('the number of the display', () => number.endsWith('\n'));
  const display = `:${number.trim()}`;
  const run = (args: readonly string[]) =>
    runProcess('/usr/bin/xdotool', args, { environment: { DISPLAY: display, PATH: '/usr/bin:/bin' } });
  const search = async (title: string) => {
    const { stdout } = await run(['search', '--onlyvisible', '--name', `^${title}$`]);
    return stdout.split('\n').filter((line) => line !== '');
  };
  return {
    display,
    findWindow: (title) => waitFor(`a window "${title}"`, async () => (await search(title))[0]),
    windows: search,
    async press(windowId, key) {
      // Without a window manager nobody gives it the keyboard.
      await run(['windowfocus', windowId, 'key', key]);
    },
    async click(windowId, fromRight, fromBottom) {
      const { stdout } = await run(['getwindowgeometry', '--shell', windowId]);
      const [width = 0, height = 0] = ['WIDTH', 'HEIGHT'].map((name) =>
        Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(stdout)?.[1]),
      );
      await run([
        'mousemove',
        '--window',
        windowId,
        String(width - fromRight),
        String(height - fromBottom),
        'click',
        '1',
      ]);
    },
    close: () => void server.kill(),
  };
}
