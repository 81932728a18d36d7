// What a person did to the shared config file by hand, and what sync, login, status and doctor say of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { CONFIG, createRig, type Rig, type RigOptions } from '../helpers/rig.ts';

let rig: Rig;

afterEach(() => rig.remove());

async function signedIn(options: RigOptions = {}): Promise<void> {
  rig = await createRig(options);
  expect(await rig.runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
}

it('a Latin-1 byte is named with its line, and the file stays as it is', async () => {
  await signedIn();
  const text = Buffer.concat([Buffer.from(`${CONFIG}# M`), Buffer.from([0xfc]), Buffer.from('ller\n')]);
  writeFileSync(rig.configPath, text);
  const line = CONFIG.split('\n').length;
  const message = `${rig.configPath}, line ${line}: there are bytes that are not UTF-8.`;

  const sync = await rig.runCli(['profiles', 'sync']);
  expect(sync.exitCode).toBe(2);
  expect(sync.stderr).toContain(message);
  const login = await rig.runCli(['login']);
  expect([login.exitCode, login.stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(readFileSync(rig.configPath).equals(text)).toBe(true);

  const status = await rig.runCli(['status']);
  expect(status.stdout).toContain(`${message}\n  Run: \${EDITOR:-vi} +${line} ${rig.configPath}\n`);
  await rig.daemon().stop();
  const doctor = await rig.runCli(['doctor', '--json']);
  expect(doctor.stdout).toContain('"config-malformed"');
});
