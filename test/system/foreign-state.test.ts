// The `credential_process` script with files in the state folder that another user, or nobody sensible, has put there: it neither hangs nor breaks off.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { CREDENTIAL_PROCESS, runProcess, type ProcessRun } from '../helpers/run-process.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../helpers/somebody-else.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

/** Each is /bin/sh somewhere. */
const SHELLS = ['/bin/dash', '/bin/bash', '/bin/busybox', '/bin/zsh'].filter((path) => existsSync(path));
const DEADLINE_MS = 20_000;
/** A shell that reads a file of this size by the byte needs minutes. */
const HUGE_BYTES = 1_000_000_000;
const DOCUMENT = '{"Version":1}';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
  mkdirSync(join(home.path, 'bin'));
  writeFileSync(join(home.path, 'bin', 'node'), '#!/bin/sh\necho from-node\n', { mode: 0o755 });
  for (const shell of SHELLS) {
    mkdirSync(join(home.path, shell), { recursive: true });
    symlinkSync(shell, join(home.path, shell, 'sh'));
  }
});
afterEach(() => home.remove());

/** What the script does in each shell with this XDG_STATE_HOME. */
function runAll(stateHome: string, environment: Readonly<Record<string, string>> = {}): Promise<ProcessRun[]> {
  const PATH = `${home.path}/bin:${home.environment['PATH']}`;
  const options = {
    environment: { ...home.environment, PATH, XDG_STATE_HOME: stateHome, ...environment },
    deadlineMs: DEADLINE_MS,
  };
  return Promise.all(
    SHELLS.map((shell) => runProcess(join(home.path, shell, 'sh'), [CREDENTIAL_PROCESS, '--current'], options)),
  );
}
const all = (run: ProcessRun) => SHELLS.map(() => run);
const FROM_NODE = { exitCode: 0, stdout: 'from-node\n', stderr: '' };

function makeHuge(path: string): void {
  writeFileSync(path, '', { mode: 0o600 });
  truncateSync(path, HUGE_BYTES);
}

/** The document at a socket of ours. */
async function serveDocument(): Promise<string> {
  const path = join(home.path, 'run', 'daemon.sock');
  const server = createServer((_request, response) => void response.end(DOCUMENT));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return path;
}

describe.skipIf(!systemPart('curl', '/usr/bin/curl'))('the script', () => {
  test.skipIf(!canBeSomebodyElse)('reads nothing in a state folder of another user', async () => {
    // Directly below /tmp: the folder of temporary files may be closed to others.
    const theirs = mkdtempSync('/tmp/rolecall-theirs-');
    onTestFinished(() => rmSync(theirs, { recursive: true }));
    const state = join(theirs, 'rolecall');
    mkdirSync(state);
    makeHuge(join(home.path, 'ours'));
    for (const name of ['election', 'daemon.lock']) symlinkSync(join(home.path, 'ours'), join(state, name));
    for (const path of [theirs, state]) {
      chownSync(path, SOMEBODY_ELSE, SOMEBODY_ELSE);
      chmodSync(path, 0o777);
    }
    expect(await runAll(theirs)).toEqual(all(FROM_NODE));
    expect(await runAll(theirs, { ROLECALL_SOCKET: await serveDocument() })).toEqual(
      all({ exitCode: 0, stdout: `${DOCUMENT}\n`, stderr: '' }),
    );
    // As files of theirs, too.
    for (const name of ['election', 'daemon.lock']) {
      rmSync(join(state, name));
      makeHuge(join(state, name));
      chownSync(join(state, name), SOMEBODY_ELSE, SOMEBODY_ELSE);
      chmodSync(join(state, name), 0o644);
    }
    expect(await runAll(theirs)).toEqual(all(FROM_NODE));
  });

  test('waits for nobody in a state folder that others may write to, or that is a link', async () => {
    const state = join(home.path, 'open', 'rolecall');
    mkdirSync(state, { recursive: true });
    chmodSync(state, 0o777);
    const election = `${process.pid} ${Math.floor(Date.now() / 1000)}\n`;
    writeFileSync(join(state, 'election'), election);
    expect(await runAll(join(home.path, 'open'))).toEqual(all(FROM_NODE));
    chmodSync(state, 0o700);
    mkdirSync(join(home.path, 'linked'));
    symlinkSync(state, join(home.path, 'linked', 'rolecall'));
    expect(await runAll(join(home.path, 'linked'))).toEqual(all(FROM_NODE));
    expect(readFileSync(join(state, 'election'), 'utf8')).toBe(election);
  });

  test.each([
    ['a number that shells take for octal', '1 08\n'],
    ['a fraction', '1.5 3\n'],
    ['a number that is too large', '1 99999999999999999999\n'],
    ['more than numbers', '1 2 3\n4\n'],
    ['no end', undefined],
  ])('is elected in place of an election with %s', async (_, content) => {
    const stateHomes = SHELLS.map((shell) => join(home.path, 'states', shell));
    const runs = SHELLS.map(async (shell, index) => {
      const state = join(stateHomes[index] ?? '', 'rolecall');
      mkdirSync(state, { recursive: true, mode: 0o700 });
      const election = join(state, 'election');
      if (content === undefined) makeHuge(election);
      else writeFileSync(election, content, { mode: 0o600 });
      const run = await runProcess(join(home.path, shell, 'sh'), [CREDENTIAL_PROCESS, '--current'], {
        environment: {
          ...home.environment,
          PATH: `${home.path}/bin:${home.environment['PATH']}`,
          XDG_STATE_HOME: stateHomes[index] ?? '',
        },
        deadlineMs: DEADLINE_MS,
      });
      expect({ shell, ...run }).toEqual({ shell, ...FROM_NODE });
      expect(readFileSync(election, 'utf8')).toMatch(/^[1-9]\d* [1-9]\d{9}\n$/);
    });
    await Promise.all(runs);
  });

  test('takes a lock file of digits, a fraction or an octal number for none', async () => {
    const state = join(home.environment['XDG_STATE_HOME'] ?? '', 'rolecall');
    mkdirSync(state, { mode: 0o700 });
    const ROLECALL_SOCKET = await serveDocument();
    const answer = all({ exitCode: 0, stdout: `${DOCUMENT}\n`, stderr: '' });
    for (const content of ['7'.repeat(200_000), '{"processId":08,"startedAtTicks":"1.5"}']) {
      writeFileSync(join(state, 'daemon.lock'), content, { mode: 0o600 });
      expect(await runAll(join(state, '..'), { ROLECALL_SOCKET })).toEqual(answer);
    }
    rmSync(join(state, 'daemon.lock'));
    execFileSync('mkfifo', [join(state, 'daemon.lock')]);
    expect(await runAll(join(state, '..'), { ROLECALL_SOCKET })).toEqual(answer);
  });
});
