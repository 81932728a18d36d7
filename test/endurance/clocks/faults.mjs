// What happens around the daemon while its clients ask: files vanish, the disk fills and empties, the clock jumps.
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HOUR_SECONDS = 3600;
const BLOCK = /^# >>> rolecall >>>$[\s\S]*?^# <<< rolecall <<<$\n?/mu;

/**
 * Does all of it until `signal` is aborted, and leaves a disk with room and a clock that is right. `log` gets each event.
 * `home` is on the disk that fills.
 */
export async function causeFaults({ home, clock, random, syncProfiles, log, signal }) {
  const fill = join(home.path, 'filler');
  let isFull = false;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const pause = (fromSeconds, toSeconds) =>
    sleep((fromSeconds + random() * (toSeconds - fromSeconds)) * 1000, undefined, { signal });

  async function jump() {
    for (;;) {
      await pause(8, 20);
      const hours = pick([-2, 0, 2]);
      clock.set(hours * HOUR_SECONDS);
      log(`the clock is ${hours} h off`);
    }
  }

  async function fillAndEmpty() {
    for (;;) {
      await pause(5, 25);
      log('the disk is full');
      isFull = true;
      const endsAtMs = performance.now() + (5 + random() * 20) * 1000;
      // What is deleted meanwhile makes no room for others.
      while (performance.now() < endsAtMs) {
        fillUp(fill);
        await sleep(50, undefined, { signal });
      }
      rmSync(fill);
      isFull = false;
      log('the disk has room');
    }
  }

  async function vanish() {
    const runtime = join(home.environment.XDG_RUNTIME_DIR, 'rolecall');
    const state = join(home.path, '.local', 'state', 'rolecall');
    const configFile = join(home.path, '.aws', 'config');
    const remove = (path) => rmSync(path, { recursive: true, force: true });
    const targets = {
      'the socket': () => remove(join(runtime, 'daemon.sock')),
      'the runtime folder': () => remove(runtime),
      'the lock file': () => remove(join(state, 'daemon.lock')),
      'the state folder': () => remove(state),
      'runtime and state folder': () => {
        remove(runtime);
        remove(state);
      },
      'a state file': () => {
        const name = pick(readdirSync(state).filter((entry) => entry !== 'daemon.lock'));
        if (name !== undefined) remove(join(state, name));
        return name;
      },
      'our block of ~/.aws/config': async () => {
        if (isFull) return 'not now';
        const text = readFileSync(configFile, 'utf8');
        writeFileSync(`${configFile}.new`, text.replace(BLOCK, ''), { mode: 0o600 });
        renameSync(`${configFile}.new`, configFile);
        await sleep(3000, undefined, { signal });
        const isBack = BLOCK.test(readFileSync(configFile, 'utf8'));
        if (!isBack) await syncProfiles();
        return isBack ? 'came back' : 'synced';
      },
    };
    for (;;) {
      await pause(2, 8);
      const name = pick(Object.keys(targets));
      let detail;
      try {
        detail = await targets[name]();
      } catch (error) {
        if (signal.aborted) throw error;
        detail = error.message;
      }
      log(`gone: ${name}${detail === undefined ? '' : ` (${detail})`}`);
    }
  }

  const ends = await Promise.allSettled([jump(), fillAndEmpty(), vanish()]);
  for (const { reason } of ends) if (reason?.name !== 'AbortError') throw reason;
  rmSync(fill, { force: true });
  clock.set(0);
}

/** Writes to the end of the file until there is no room for another byte. */
function fillUp(path) {
  const file = openSync(path, 'a', 0o600);
  try {
    for (let size = 2 ** 20; size >= 1;) {
      try {
        if (writeSync(file, Buffer.alloc(size)) < size) size = Math.floor(size / 2);
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}
