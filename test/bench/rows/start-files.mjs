// How many files a daemon opens until its first answer: its code, Node's own libraries, and what it reads and writes in a home.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAEMON_MAIN } from '../programs.mjs';
import { isAnswering } from '../socket-client.mjs';
import { waitFor } from '../wait.mjs';
import { socketPathOf } from '../world.mjs';

const STRACE = '/usr/bin/strace';
const ALLOWED = 60;

export async function measureStartFiles(scene) {
  if (!existsSync(STRACE)) return scene.leaveOut('files opened at start', STRACE);
  const home = scene.createHome();
  const tracePath = join(home.path, 'trace');
  // With -D the daemon is the child, which is ended with the scene, and not strace.
  const traced = ['-D', '-f', '-qq', '-e', 'trace=open,openat', '-o', tracePath, process.execPath, DAEMON_MAIN];
  scene.start(STRACE, traced, { environment: home.environment });
  await waitFor('the daemon', () => isAnswering(socketPathOf(home)));
  const opened = readFileSync(tracePath, 'utf8')
    .split('\n')
    .filter((line) => / = \d+$/.test(line));
  return [
    {
      name: 'files opened at daemon start',
      how: 'successful calls of open(2) and openat(2) until the first answer, with default settings in an empty home.',
      unit: '',
      floorName: 'what is allowed',
      floor: ALLOWED,
      measured: opened.length,
      bound: 1,
    },
  ];
}
