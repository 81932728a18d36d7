// The current role is switched from the terminal, the page and the tray; the AWS CLI and boto3 follow each time, and no file is written for it.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { hasChromium, openPage, startBrowser } from '../helpers/browser.ts';
import { createRig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { describeLayout, hasSessionBus, startSessionBus, startTrayHost } from '../helpers/session-bus.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { openTerminal, TMUX } from '../helpers/terminal.ts';
import { waitFor } from '../helpers/wait-for.ts';

const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const BOTO3 = `
import boto3
print(boto3.Session(profile_name='current').client('sts').get_caller_identity()['Arn'])
`;
const SLOW = { deadlineMs: 50_000 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const hasClients = [
  systemPart('AWS CLI v2', AWS),
  systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
    if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
  }),
  systemPart('tmux', TMUX),
  hasSessionBus(),
  hasChromium,
].every(Boolean);

test.skipIf(!hasClients)(
  'a switch in the terminal, on the page and in the tray is followed by the AWS CLI and boto3 on [profile current]',
  async () => {
    const rig = await createRig();
    ends.push(() => rig.remove());
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    const bus = await startSessionBus(rig.environment);
    ends.push(() => bus.end());
    const host = await startTrayHost(bus.environment);
    ends.push(() => host.end());
    const tray = spawn(process.execPath, [ROLECALL, 'tray'], { env: bus.environment, stdio: 'ignore' });
    ends.push(() => tray.kill('SIGTERM'));
    const browser = await startBrowser();
    ends.push(() => browser.close());
    const { page } = await openPage(await browser.newContext(), rig);
    const terminal = openTerminal({
      directory: rig.home.path,
      environment: rig.environment,
      command: ['/bin/sh'],
    });
    ends.push(() => terminal.close());

    const configFile = () => {
      const { ino, mtimeMs } = statSync(rig.configPath);
      return { ino, mtimeMs, text: readFileSync(rig.configPath, 'utf8') };
    };
    const before = configFile();
    const environment = { ...rig.environment, AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' };
    const query = ['sts', 'get-caller-identity', '--profile', 'current', '--query', 'Arn', '--output', 'text'];
    const labels = async () => describeLayout(await host.layout());
    /** Every surface shows the role, and both programs are it. */
    const expectEverywhere = async (accountName: string, accountId: string, permissionSet: string) => {
      const arn = new RegExp(`^arn:aws:sts::${accountId}:assumed-role/AWSReservedSSO_${permissionSet}_[0-9a-f]{16}/`);
      for (const [program, args] of [
        [AWS, query],
        [PYTHON, ['-c', BOTO3]],
      ] as const) {
        const run = await runProcess(program, args, { environment });
        expect({ program, ...run }).toMatchObject({ program, exitCode: 0, stdout: expect.stringMatching(arn) });
      }
      const role = `${accountName}  ${accountId}  ${permissionSet}`;
      await waitFor('the tray', async () => (await labels()).includes(`[Current: ${role}]`), SLOW);
      await page.locator('#current', { hasText: new RegExp(`${accountName} ${accountId} ${permissionSet}`) }).waitFor();
      expect((await rig.runCli(['status'])).stdout).toContain(role);
      expect(configFile()).toEqual(before);
    };

    terminal.type(`'${process.execPath}' '${ROLECALL}' use --current log`);
    await terminal.see(/Current role: Log Archive {2}044444444444 {2}ReadOnly/u);
    await expectEverywhere('Log Archive', '044444444444', 'ReadOnly');

    await page.keyboard.press('/');
    await page.keyboard.type('shop');
    await page.keyboard.press('Enter');
    await page.locator('#current', { hasText: /Shop Staging/ }).waitFor();
    await expectEverywhere('Shop Staging', '333333333333', 'ReadOnly');

    await host.click('taylor  111111111111  Admin-AF-Permission-Set');
    await waitFor('the switch', async () => (await rig.client.call('current', {}))?.accountId === '111111111111', SLOW);
    await expectEverywhere('taylor', '111111111111', 'Admin-AF-Permission-Set');
  },
  300_000,
);
