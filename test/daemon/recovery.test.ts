// A problem is gone from the status soon after what caused it: the next success, or a tick, without a command by a person.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createHurriedClock } from '../helpers/hurried-clock.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

/** A tick of the daemon, 15 seconds, passes in less than one. */
async function createHurriedRig(): Promise<Rig> {
  const clock = createHurriedClock(20);
  rig = await createRig({ clock, emulator: { clock } });
  return rig;
}

async function codesOf({ client }: Rig): Promise<string[]> {
  return (await client.call('status', {})).problems.map(({ code }) => code);
}

const untilHealthy = (its: Rig) => waitFor('no problem', async () => (await codesOf(its)).length === 0);

test('a listing that failed is repeated by the daemon, and its problem is gone', async () => {
  const its = await createHurriedRig();
  expect(await its.runCli(['login'])).toMatchObject({ exitCode: 0 });
  its.emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 503 });
  expect(await its.runCli(['ls', '--refresh'])).toMatchObject({ exitCode: 7 });
  expect(await codesOf(its)).toEqual(['identity-center-unreachable']);
  its.emulator.clearFaults();
  await untilHealthy(its);
});

test('the roles and profiles of a sign-in whose listing failed come without another login', async () => {
  const its = await createHurriedRig();
  its.emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 503 });
  await its.runCli(['login']);
  expect(await codesOf(its)).toEqual(['identity-center-unreachable']);
  its.emulator.clearFaults();
  await untilHealthy(its);
  await waitFor('the profiles', () => readFileSync(its.configPath, 'utf8').includes('taylor.Admin-AF-Permission-Set'));
});

test('a failed listing of a session that was signed out is no problem', async () => {
  const its = await createHurriedRig();
  await its.runCli(['login']);
  its.emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 503 });
  await its.runCli(['ls', '--refresh']);
  expect(await codesOf(its)).toEqual(['identity-center-unreachable']);
  expect(await its.runCli(['logout'])).toMatchObject({ exitCode: 0 });
  expect(await codesOf(its)).toEqual([]);
});
