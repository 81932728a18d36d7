// Every client of ours at a socket of another user, as after `su` with an inherited XDG_RUNTIME_DIR: it refuses, says so and sends nothing.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenAsSomebodyElse, type ForeignListener } from '../helpers/foreign-listener.ts';
import { CONFIG, SESSION } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, ROLECALL, runProcess } from '../helpers/run-process.ts';
import { canBeSomebodyElse } from '../helpers/somebody-else.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const TRAY = fileURLToPath(new URL('../../dist/tray/main.js', import.meta.url));
const SHELLS = ['/bin/sh', '/bin/bash', '/bin/busybox'];
const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'ReadOnly' };
const SELECTORS = ['--session', SESSION, '--account', ROLE.accountId, '--role', ROLE.permissionSet];

describe.skipIf(!canBeSomebodyElse)('a socket of another user', () => {
  let home: TemporaryHome;
  let theirs: ForeignListener;
  let ran: string;
  /** Both ways to be led there. */
  let environments: readonly Readonly<Record<string, string>>[];

  beforeAll(async () => {
    home = createTemporaryHome();
    ran = join(home.path, 'ran');
    mkdirSync(join(home.path, '.aws'), { mode: 0o700 });
    writeFileSync(join(home.path, '.aws', 'config'), CONFIG);
    // One document that is an answer to every question, with keys and with a program to run.
    theirs = await listenAsSomebodyElse({
      ...ROLE,
      profile: null,
      accountName: null,
      protected: false,
      secret: false,
      url: 'https://example.awsapps.com/start',
      browser: `sh -c 'echo x > ${ran}' {url}`,
      Version: 1,
      AccessKeyId: 'ASIAFOREIGN',
      SecretAccessKey: 'foreign',
      SessionToken: 'foreign',
    });
    const rest = { ...home.environment, DISPLAY: ':0' };
    environments = [
      { ...rest, XDG_RUNTIME_DIR: theirs.runtimeDirectory },
      { ...rest, ROLECALL_SOCKET: theirs.socketPath },
    ];
  });
  afterAll(async () => {
    await theirs.close();
    await home.remove();
  });

  /** Runs the program with each of the two environments. */
  async function runBoth(command: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const before = theirs.received.length;
    const runs = await Promise.all(
      environments.map((environment) => runProcess(command, args, { environment: { ...environment, ...more } })),
    );
    return { runs, sent: theirs.received.slice(before), hasRun: existsSync(ran) };
  }

  const refusal = () => {
    const run = {
      exitCode: 3,
      stdout: '',
      stderr: `rolecall: The socket ${theirs.socketPath} belongs to another user. [foreign-socket]\nRun: unset XDG_RUNTIME_DIR ROLECALL_SOCKET\n`,
    };
    return { runs: [run, run], sent: [], hasRun: false };
  };

  for (const shell of SHELLS) {
    test.skipIf(!systemPart(shell, shell))(`gets nothing from the helper in ${shell}`, async () => {
      const applet = shell.endsWith('busybox') ? ['sh'] : [];
      expect(await runBoth(shell, [...applet, CREDENTIAL_PROCESS, ...SELECTORS])).toEqual(refusal());
    });
  }

  test('gets nothing from the helper without Node', async () => {
    const bare = join(home.path, 'bare');
    mkdirSync(bare);
    for (const name of ['readlink', 'curl']) symlinkSync(`/usr/bin/${name}`, join(bare, name));
    expect(await runBoth('/bin/sh', [CREDENTIAL_PROCESS, ...SELECTORS], { PATH: bare })).toEqual(refusal());
  });

  test("gets nothing from the helper's Node client", async () => {
    expect(await runBoth(process.execPath, [ROLECALL, 'credential-process', ...SELECTORS])).toEqual(refusal());
  });

  test.each(['status', 'console', 'daemon stop'])(
    'gets nothing from rolecall %s, and runs no program',
    async (words) => {
      expect(await runBoth(process.execPath, [ROLECALL, ...words.split(' ')])).toEqual(refusal());
    },
  );

  test('gets nothing from the tray', async () => {
    expect(await runBoth(process.execPath, [TRAY, '--format', 'argos'])).toEqual(refusal());
  });
});
