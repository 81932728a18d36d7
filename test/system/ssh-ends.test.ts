// Every way in which `rolecall ssh` ends: the far host has no access any more within seconds, and the file of the token is gone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askFar, createFarWorld, PROFILE, type FarRole, type FarWorld, type Reach } from '../helpers/far-world.ts';
import type { FarProcess } from '../helpers/far-processes.ts';
import { hasSshd } from '../helpers/sshd.ts';
import { processesOf } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait-for.ts';

interface Open {
  readonly account: string;
  readonly reach: Reach;
  readonly role: FarRole;
}

/** Each ends the connection of its own account. */
const ENDS: Readonly<Record<string, (open: Open) => void>> = {
  'the connection is cut': ({ reach }) => reach.proxy.cut(),
  'the connection freezes': ({ reach }) => reach.proxy.freeze(),
  'kill -9 of rolecall': ({ reach }) => void reach.child.kill('SIGKILL'),
  'kill -9 of the local ssh': ({ account }) => killAll(localSsh(account), 'SIGKILL'),
  'the local ssh is stopped': ({ account }) => killAll(localSsh(account), 'SIGSTOP'),
  "kill -9 of rolecall's part on the far host": ({ account }) => {
    const { sshd, children } = world.far.connectionOf(account);
    // The other one is the command of `open`; a shell that only waits for it may be between them.
    const own = children.filter((one) => sshd.some(({ pid }) => pid === one.parent) && !isCommand(one, children));
    killAll(pids(own), 'SIGKILL');
  },
  "kill -9 of sshd's process of the connection": ({ account }) =>
    killAll(pids(world.far.connectionOf(account).sshd), 'SIGKILL'),
  "sshd's process of the connection is stopped": ({ account }) =>
    killAll(pids(world.far.connectionOf(account).sshd), 'SIGSTOP'),
  'SIGTERM to rolecall': ({ reach }) => void reach.child.kill('SIGTERM'),
  'SIGHUP to rolecall': ({ reach }) => void reach.child.kill('SIGHUP'),
};
/** As with a directory of users that is slow, or a second factor on the phone. */
const SLOW_SIGN_IN = `Match User slow
  AuthorizedKeysFile none
  AuthorizedKeysCommand /usr/bin/sh -c "sleep 3; cat /run/far/user-key.pub"
  AuthorizedKeysCommandUser nobody`;
const accounts = Object.keys(ENDS).map((_, index) => `user${index}`);

let world: FarWorld;
beforeAll(async () => {
  if (!hasSshd) return;
  const shells = Object.fromEntries([...accounts, 'slow'].map((name) => [name, '/bin/sh']));
  world = await createFarWorld({ far: { shells, endOfConfig: SLOW_SIGN_IN } });
});
afterAll(() => world?.remove());

/** Whether it is the command of `open`, or the shell that started it. */
function isCommand(one: FarProcess, all: readonly FarProcess[]): boolean {
  const isSleep = one.arguments === 'sleep 1000';
  return isSleep || all.some((child) => child.parent === one.pid && isCommand(child, all));
}

const pids = (all: readonly { readonly pid: number }[]) => all.map(({ pid }) => pid);
const localSsh = (account: string) =>
  pids(
    processesOf(world.rig.home.path).filter(
      ({ arguments: words }) => words[0]?.endsWith('/ssh') === true && words.includes(account),
    ),
  );

function killAll(all: readonly number[], signal: NodeJS.Signals): void {
  expect(all.length).toBeGreaterThan(0);
  for (const pid of all) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended with one of the others.
    }
  }
}

/** Milliseconds until the far port has served the role for the last time. */
async function lastServed(role: FarRole, isOver: () => boolean): Promise<number> {
  const startedAtMs = performance.now();
  let servedAtMs = 0;
  while (!isOver()) {
    const askedAtMs = performance.now() - startedAtMs;
    if ((await askFar(role, { timeoutMs: 500 })).status === 200) servedAtMs = askedAtMs;
  }
  return servedAtMs;
}

/** Whether the daemon still knows the access of this connection. */
async function isGranted(account: string): Promise<boolean> {
  const { grants } = await world.rig.client.call('grants', {});
  return grants.some(({ purpose }) => purpose === `ssh ${account}`);
}

describe.skipIf(!hasSshd).concurrent('access ends, and the file is removed:', () => {
  test.each(Object.entries(ENDS))('%s', async (name, end) => {
    const account = accounts[Object.keys(ENDS).indexOf(name)] ?? '';
    const { reach, role } = await world.open({ host: account });
    expect(await askFar(role)).toMatchObject({ status: 200 });
    expect(world.hasFile(role.tokenFile)).toBe(true);
    expect(await isGranted(account)).toBe(true);

    const startedAtMs = performance.now();
    end({ account, reach, role });
    let isOver = false;
    const served = lastServed(role, () => isOver);
    const times = await Promise.all([
      waitFor('the end of the file', () => !world.hasFile(role.tokenFile)).then(() => performance.now()),
      waitFor('the end of access', async () => !(await isGranted(account))).then(() => performance.now()),
    ]);
    isOver = true;
    const [file, access] = times.map((time) => Math.round(time - startedAtMs));
    process.stdout.write(`${name}: file ${file} ms, access ${access} ms, last served ${Math.round(await served)} ms\n`);
    // What was frozen or stopped goes on, as if it had only taken long: the token stays worthless.
    reach.proxy.thaw();
    killAllQuietly(account, 'SIGCONT');
    expect((await askFar(role)).status).not.toBe(200);
    reach.child.kill('SIGKILL');
    await waitFor('the end of sshd for it', () => world.far.connectionOf(account).sshd.length === 0, {
      intervalMs: 100,
    });
    expect((await askFar(role)).status).not.toBe(200);
    await waitFor('the end of every ssh for it here', () => localSsh(account).length === 0, { intervalMs: 100 });
  });
});

test
  .skipIf(!hasSshd)
  .concurrent('a sign-in may take longer than a host that no longer answers is waited for', async () => {
    expect(await world.run(['ssh', '--role', PROFILE, 'slow', 'echo signed in'])).toMatchObject({
      exitCode: 0,
      stdout: 'signed in\n',
    });
  });

test.skipIf(!hasSshd).concurrent('closes the port there when access has ended and the command goes on', async () => {
  const { reach, role } = await world.open();
  ENDS["kill -9 of rolecall's part on the far host"]?.({ account: 'morgan', reach, role });
  await waitFor('a closed port', async () => (await askFar(role)).status === 'ECONNREFUSED', { intervalMs: 100 });
  expect(reach.child.exitCode).toBe(null);
});

function killAllQuietly(account: string, signal: NodeJS.Signals): void {
  for (const pid of [...localSsh(account), ...pids(world.far.connectionOf(account).sshd)]) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended.
    }
  }
}
