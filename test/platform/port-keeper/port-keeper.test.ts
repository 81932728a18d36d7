// The port keeper's shell program: when it starts its owner again, when it gives up, and that every shell can run it.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openKeeperPipes, openOwnPipe } from '../../../src/platform/port-keeper/keeper-pipes.ts';
import {
  askPortKeeper,
  END_KEEPER,
  fillSecretPipe,
  forbidRestart,
  formatStart,
  hasPortKeeper,
  isRestartAllowed,
} from '../../../src/platform/port-keeper/keeper-requests.ts';
import { KEEPER_SCRIPT, LASTS } from '../../../src/platform/port-keeper/port-keeper-script.ts';
import { startPortKeeper } from '../../../src/platform/port-keeper/port-keeper.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

/** Each is /bin/sh somewhere; bash is the one of macOS. */
const SHELLS = ['sh', 'dash', 'bash', 'busybox', 'zsh'].filter(
  (shell) => spawnSync(shell, ['-c', ':'], { argv0: 'sh' }).status === 0,
);
const PATH = '/usr/bin:/bin';

let home: TemporaryHome;
const keepers: ChildProcess[] = [];

beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(async () => {
  for (const keeper of keepers.splice(0)) keeper.kill('SIGKILL');
  await home.remove();
});

/** A keeper whose owner is this test. `owner` is the shell program that it starts in its place, after noting the start. */
async function startKeeper(owner: string, { pauses = '0', shell = 'sh' } = {}) {
  const folder = join(home.path, shell);
  mkdirSync(folder);
  const [pipe, log, starts] = [join(folder, 'pipe'), join(folder, 'daemon.log'), join(folder, 'starts')];
  const pipes = await openKeeperPipes(pipe, process.getuid?.() ?? -1);
  expect(fillSecretPipe(pipe, 'correct horse')).toBe(true);
  pipes.hideSecret();
  expect(existsSync(`${pipe}.secret`)).toBe(false);
  const keeper = spawn(shell, ['-c', KEEPER_SCRIPT, 'keeper', pipe, '600', pauses, log], {
    argv0: 'sh',
    // The port is no matter here.
    stdio: ['pipe', 'pipe', 'ignore', 'ignore', pipes.requestFd, 'ignore', pipes.secretFd],
    env: { PATH },
  });
  pipes.close();
  keepers.push(keeper);
  const ended = once(keeper, 'exit');
  await once(keeper.stdout as NodeJS.ReadableStream, 'data');
  // The argument after a program of `sh -c` is its $0.
  const command = ['/bin/sh', '-c', `[ "$0" = "$PPID" ] || exit; printf x >>"$STARTS"; ${owner}`];
  keeper.stdin?.write(`${formatStart({ command, environment: { STARTS: starts, PATH } })}\n`);
  return {
    pipe,
    log,
    ended,
    endOwner: () => void keeper.stdin?.end(),
    countStarts: () => (existsSync(starts) ? readFileSync(starts, 'utf8').length : 0),
    hasGivenUp: () => existsSync(log) && readFileSync(log, 'utf8').endsWith('\n'),
  };
}

test('restarts an owner that keeps ending a few times, then gives up and logs it, in every shell', async () => {
  expect(SHELLS).toContain('sh');
  await Promise.all(
    SHELLS.map(async (shell) => {
      const keeper = await startKeeper('exit 1', { pauses: '0 0 1', shell });
      expect(keeper.countStarts()).toBe(0);
      keeper.endOwner();
      await waitFor(`${shell} to give up`, keeper.hasGivenUp);
      expect(keeper.countStarts()).toBe(3);
      expect(readFileSync(keeper.log, 'utf8')).toMatch(
        /^[-\d]{10}T[:\d]{8}Z error the daemon .* not restarted any more\n$/,
      );
      // The port is still kept for whoever asks for it.
      expect(askPortKeeper(keeper.pipe, END_KEEPER)).toBe(true);
      expect(await keeper.ended).toEqual([0, null]);
      expect(hasPortKeeper(keeper.pipe)).toBe(false);
    }),
  );
});

test('restarts an owner that kept running as often as it is killed', async () => {
  const keeper = await startKeeper(`[ $(wc -c <"$STARTS") -gt 5 ] || echo ${LASTS} >&5`);
  keeper.endOwner();
  await waitFor('the keeper to give up', keeper.hasGivenUp);
  expect(keeper.countStarts()).toBe(6);
});

test('prefers a request to a restart that has to wait', async () => {
  const keeper = await startKeeper('exit 1', { pauses: '600' });
  keeper.endOwner();
  expect(askPortKeeper(keeper.pipe, `printf asked >"${keeper.log}"; ${END_KEEPER}`)).toBe(true);
  expect(await keeper.ended).toEqual([0, null]);
  expect({ starts: keeper.countStarts(), log: readFileSync(keeper.log, 'utf8') }).toEqual({ starts: 0, log: 'asked' });
});

test('does not restart an owner that ended as planned until a client asks', async () => {
  const keeper = await startKeeper('exit 1');
  forbidRestart(keeper.pipe);
  keeper.endOwner();
  expect(askPortKeeper(keeper.pipe, END_KEEPER)).toBe(true);
  expect(await keeper.ended).toEqual([0, null]);
  expect(keeper.countStarts()).toBe(0);
});

test('starts nothing after the folder of the pipe was deleted', async () => {
  const keeper = await startKeeper('exit 1');
  rmSync(keeper.pipe);
  keeper.endOwner();
  await keeper.ended;
  expect(keeper.countStarts()).toBe(0);
});

test('leaves the pipe of a successor alone if its own daemon was replaced', async () => {
  const fd = openSync('/dev/null', 'r');
  const pipePath = join(home.path, 'pipe');
  const keep = () =>
    startPortKeeper({ fd, pipePath, homeDirectory: home.path, restart: undefined, logFile: join(home.path, 'log') });
  const earlier = await keep();
  const later = await keep();
  closeSync(fd);
  try {
    earlier.expectEnd();
    expect(isRestartAllowed(pipePath)).toBe(true);
    expect([earlier.hasEnded(), later.hasEnded()]).toEqual([true, false]);
    earlier.end();
    expect(hasPortKeeper(pipePath)).toBe(true);
    later.expectEnd();
    expect(isRestartAllowed(pipePath)).toBe(false);
  } finally {
    later.end();
  }
  expect(existsSync(pipePath)).toBe(false);
});

describe('the pipe whose lines the keeper executes', () => {
  const me = process.getuid?.() ?? -1;

  test('is refused if it is a link, a file, or open to others', () => {
    const at = (name: string) => join(home.path, name);
    execFileSync('mkfifo', ['-m', '600', at('own')]);
    execFileSync('mkfifo', ['-m', '622', at('open')]);
    symlinkSync(at('own'), at('link'));
    writeFileSync(at('file'), '', { mode: 0o600 });
    closeSync(openOwnPipe(at('own'), me));
    expect(() => openOwnPipe(at('own'), me + 1)).toThrow('is not a pipe that only this user can open');
    for (const name of ['open', 'file']) {
      expect(() => openOwnPipe(at(name), me)).toThrow('is not a pipe that only this user can open');
    }
    expect(() => openOwnPipe(at('link'), me)).toThrow('ELOOP');
  });

  test.skipIf(!canBeSomebodyElse)('is not made, and no keeper started, in a folder of another user', async () => {
    const theirs = mkdtempSync('/tmp/rolecall-theirs-');
    onTestFinished(() => rmSync(theirs, { recursive: true }));
    const folder = join(theirs, 'rolecall');
    mkdirSync(folder, { mode: 0o700 });
    chownSync(theirs, SOMEBODY_ELSE, SOMEBODY_ELSE);
    const fd = openSync('/dev/null', 'r');
    const starting = startPortKeeper({
      fd,
      pipePath: join(folder, 'pipe'),
      homeDirectory: home.path,
      restart: undefined,
      logFile: join(home.path, 'log'),
    });
    await expect(starting.finally(() => closeSync(fd))).rejects.toThrow(`${theirs} belongs to another user`);
    expect(readdirSync(folder)).toEqual([]);
  });
});
