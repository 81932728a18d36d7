// Manual edits that break the shared config file or our block, and what sync, login, status and doctor report.
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { CONFIG, createRig, writePrivate, type Rig, type RigOptions } from '../helpers/rig.ts';

let rig: Rig;

afterEach(() => rig.remove());

async function signedIn(options: RigOptions = {}): Promise<void> {
  rig = await createRig(options);
  expect(await rig.runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
}

it('a Latin-1 byte is reported with its line, and the file is not changed', async () => {
  await signedIn();
  const text = Buffer.concat([Buffer.from(`${CONFIG}# M`), Buffer.from([0xfc]), Buffer.from('ller\n')]);
  writeFileSync(rig.configPath, text);
  const line = CONFIG.split('\n').length;
  const message = `${rig.configPath}, line ${line}: this line is not valid UTF-8.`;

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

it('a key that the user added to a rolecall profile is kept and reported', async () => {
  await signedIn();
  const header = '[profile taylor.Admin-AF-Permission-Set]';
  const synced = readFileSync(rig.configPath, 'utf8');
  const text = synced.replace(`${header}\n`, `${header}\noutput = json\n`);
  writeFileSync(rig.configPath, text);
  const line = text.split('\n').indexOf('output = json') + 1;
  const message = `${rig.configPath}, line ${line}: "output" was added to ${header}, and a sync would delete it, so profiles are not written. Set it in config.toml instead: [[role]] extra = { output = "json" }.`;
  const hint = `\${EDITOR:-vi} +${line} ${rig.configPath}`;
  const error = { code: 'config-key-not-ours', message, hint };
  const told = `rolecall: ${message} [config-key-not-ours]\nRun: ${hint}\n`;

  expect(await rig.runCli(['profiles', 'sync'])).toEqual({ exitCode: 1, stdout: '', stderr: told });
  const dryRun = await rig.runCli(['profiles', 'sync', '--dry-run']);
  expect(dryRun).toEqual({ exitCode: 1, stdout: expect.stringContaining('-output = json'), stderr: told });
  expect(JSON.parse((await rig.runCli(['profiles', 'sync', '--dry-run', '--json'])).stdout)).toMatchObject({
    conflict: error,
  });
  const list = await rig.runCli(['profiles', 'list']);
  expect([list.exitCode, list.stdout, list.stderr]).toEqual([
    0,
    expect.stringContaining('taylor.Admin'),
    expect.stringContaining(told),
  ]);
  expect((await rig.client.call('status', {})).problems).toEqual([error]);
  expect((await rig.runCli(['status'])).stdout).toContain(`! ${message}\n  Run: ${hint}\n`);

  await rig.runCli(['logout']);
  const login = await rig.runCli(['login', '--no-browser', '--profile', 'taylor.Admin-AF-Permission-Set']);
  expect([login.exitCode, login.stderr]).toEqual([1, expect.stringMatching(/^Signed in to /mu)]);
  expect(login.stderr.endsWith(told)).toBe(true);
  expect((await rig.client.call('status', {})).sessions).toMatchObject([{ state: 'live' }]);
  expect(readFileSync(rig.configPath, 'utf8')).toBe(text);

  const rule = 'account_id = "111111111111"\nextra = { output = "json", cli_pager = "" }\n';
  writePrivate(rig.paths.settingsFile, `[[role]]\n${rule}`);
  await rig.restartDaemon();
  expect((await rig.client.call('status', {})).problems).toEqual([]);
  expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0 });
  const kept = readFileSync(rig.configPath, 'utf8');
  expect(kept).toContain(`${header}\n# extra output cli_pager\n`);
  expect(kept.split(/^(?=\[)/mu).find((section) => section.startsWith(header))).toMatch(
    /\noutput = json\ncli_pager =\n/u,
  );

  unlinkSync(rig.paths.settingsFile);
  await rig.restartDaemon();
  expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0 });
  expect(readFileSync(rig.configPath, 'utf8')).toBe(synced);
});

it('a deleted marker is reported by sync, status and doctor, with the line to edit', async () => {
  await signedIn();
  const synced = readFileSync(rig.configPath, 'utf8');
  writeFileSync(rig.configPath, synced.replace('# <<< rolecall <<<\n', ''));
  const line = synced.split('\n').indexOf('# >>> rolecall >>>') + 1;
  const message = `${rig.configPath}, line ${line}: "# >>> rolecall >>>" without "# <<< rolecall <<<" below it.`;
  const hint = `\${EDITOR:-vi} +${line} ${rig.configPath}`;

  const told = { exitCode: 1, stderr: `rolecall: ${message} [config-section-not-ours]\nRun: ${hint}\n` };
  expect(await rig.runCli(['profiles', 'sync'])).toMatchObject(told);
  expect(await rig.runCli(['profiles', 'list'])).toMatchObject(told);
  const status = await rig.client.call('status', {});
  expect(status.problems).toEqual([{ code: 'config-section-not-ours', message, hint }]);
  const doctor = JSON.parse((await rig.runCli(['doctor', '--json'])).stdout) as {
    groups: { findings: { code: string }[] }[];
  };
  const codes = doctor.groups.flatMap(({ findings }) => findings.map(({ code }) => code));
  expect(codes.filter((code) => code.startsWith('config-'))).toEqual(['config-block-broken']);

  writeFileSync(rig.configPath, synced.replace('# <<< rolecall <<<', '[sso-session mine]\n# <<< rolecall <<<'));
  const moved = await rig.runCli(['profiles', 'sync']);
  const movedLine = synced.split('\n').indexOf('# <<< rolecall <<<') + 1;
  expect(moved.stderr).toContain(`\nRun: \${EDITOR:-vi} +${movedLine} ${rig.configPath}\n`);
});
