// The units and the LaunchAgent as they are installed: golden files, awkward paths, and what Apple's own format reads.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findInstalledService, SYSTEMD_REVISION } from '../../src/platform/service/installed-service.ts';
import { serviceEnvironment } from '../../src/service/service-environment.ts';
import {
  fillLaunchAgent,
  fillSystemdService,
  fillSystemdSocket,
  formatEnvironmentFile,
} from '../../src/service/templates.ts';
import { writePrivate } from '../helpers/rig.ts';
import { runProcess } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const VALUES = {
  nodePath: '/home/taylor/.nvm/versions/node/v24.1.0/bin/node',
  mainPath: '/home/taylor/.nvm/versions/node/v24.1.0/lib/node_modules/rolecall/dist/daemon/main.js',
  serviceEnvironmentPath: '/home/taylor/.local/state/rolecall/service.env',
  ownEnvironmentPath: '/home/taylor/.config/rolecall/environment',
  errorLogPath: '/Users/taylor/Library/Application Support/rolecall/launchd.log',
  environment: { HTTPS_PROXY: 'http://user:p&ss@proxy.corp:3128', AWS_CA_BUNDLE: '/etc/ssl/corp.pem' },
} as const;
const AWKWARD = '/opt/my "tools" 100% $HOME\\x/node';

/** The unit without its comments, which may be reworded. */
function readable(unit: string): string {
  return unit
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
}

describe('systemd', () => {
  test('the socket', async () => {
    await expect(readable(fillSystemdSocket('/home/taylor/.local/state/rolecall/run/daemon.sock'))).toMatchFileSnapshot(
      '../fixtures/service/rolecall.socket',
    );
  });

  test('the service', async () => {
    await expect(readable(fillSystemdService(VALUES))).toMatchFileSnapshot('../fixtures/service/rolecall.service');
  });

  test('a change of the units comes with a new revision of them', () => {
    const units = ['rolecall.socket', 'rolecall.service'].map((name) =>
      readFileSync(join(root, 'test', 'fixtures', 'service', name), 'utf8').replace(/^X-RolecallRevision=.*\n/m, ''),
    );
    const digest = createHash('sha256').update(units.join('')).digest('hex').slice(0, 16);
    expect({ revision: SYSTEMD_REVISION, digest }).toEqual({ revision: 2, digest: 'd2a7e156e8d46a4a' });
  });

  test.skipIf(!systemPart('systemd-analyze', '/usr/bin/systemd-analyze'))(
    'the exposure is at most 6.2 by itself, and at most 4 with the drop-in of docs/service.md',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'rolecall-unit-'));
      const [, dropIn = ''] = /```ini\n(.*?)```/s.exec(readFileSync(join(root, 'docs', 'service.md'), 'utf8')) ?? [];
      const score = async (text: string) => {
        const file = join(folder, 'rolecall.service');
        writeFileSync(file, text);
        const args = ['--user', 'security', '--offline=yes', '--no-pager', file];
        const { stdout } = await runProcess('/usr/bin/systemd-analyze', args, {
          environment: { HOME: folder, XDG_RUNTIME_DIR: folder },
        });
        return Number(/exposure level for rolecall\.service: ([\d.]+)/.exec(stdout)?.[1]);
      };
      try {
        const unit = fillSystemdService({ ...VALUES, nodePath: '/bin/sh', mainPath: '/bin/sh' });
        expect(await score(unit)).toBeLessThanOrEqual(6.2);
        expect(await score(`${unit}\n${dropIn}`)).toBeLessThanOrEqual(4);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('quotes every character in a path that is special to systemd', () => {
    const unit = fillSystemdService({
      ...VALUES,
      nodePath: AWKWARD,
      mainPath: AWKWARD,
      ownEnvironmentPath: '/a 50%/e',
    });
    expect(unit).toContain(
      String.raw`ExecStart="/opt/my \"tools\" 100%% $HOME\\x/node" "/opt/my \"tools\" 100%% $$HOME\\x/node" --service`,
    );
    expect(unit).toContain('EnvironmentFile=-/a 50%%/e\n');
    expect(fillSystemdSocket(AWKWARD)).toContain(String.raw`Symlinks="/opt/my \"tools\" 100%% $HOME\\x/node"`);
  });

  test.each(['/a\nExecStartPre=/bin/false', '/a ', '/a\\'])('refuses a path that a unit cannot contain: %j', (path) => {
    expect(() => fillSystemdService({ ...VALUES, ownEnvironmentPath: path })).toThrow(
      /cannot be written in a systemd unit/,
    );
  });

  test('quotes variables by the rules of systemd.exec(5)', () => {
    const text = formatEnvironmentFile({ HTTPS_PROXY: 'http://u:p"$`\\@proxy', AWS_CA_BUNDLE: '/a b.pem' });
    expect(text.split('\n').slice(1)).toEqual([
      'AWS_CA_BUNDLE="/a b.pem"',
      String.raw`HTTPS_PROXY="http://u:p\"\$\`\\@proxy"`,
      '',
    ]);
  });
});

describe('launchd', () => {
  test('the agent', async () => {
    await expect(fillLaunchAgent(VALUES)).toMatchFileSnapshot('../fixtures/service/launch-agent.plist');
  });

  test.skipIf(!systemPart('plistutil', '/usr/bin/plistutil'))('is what plistutil reads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolecall-plist-'));
    try {
      const file = join(folder, 'agent.plist');
      writeFileSync(file, fillLaunchAgent({ ...VALUES, nodePath: '/a <b> & "c"/node' }));
      const { exitCode, stdout } = await runProcess('/usr/bin/plistutil', ['-f', 'json', '-i', file], {
        environment: {},
      });
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        Label: 'io.github.rolecall.daemon',
        ProgramArguments: ['/a <b> & "c"/node', VALUES.mainPath, '--service'],
        EnvironmentVariables: {
          NODE_OPTIONS: '',
          NODE_TLS_REJECT_UNAUTHORIZED: '',
          AWS_ENDPOINT_URL_SSO_OIDC: '',
          AWS_ENDPOINT_URL_SSO: '',
          AWS_ENDPOINT_URL_STS: '',
          ...VALUES.environment,
        },
        RunAtLoad: true,
        KeepAlive: { SuccessfulExit: false },
        ThrottleInterval: 5,
        ExitTimeOut: 15,
        ProcessType: 'Background',
        Umask: 0o077,
        HardResourceLimits: { Core: 0 },
        StandardOutPath: '/dev/null',
        StandardErrorPath: VALUES.errorLogPath,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('lets a client read the command back, whatever its paths contain', () => {
  const homeDirectory = mkdtempSync(join(tmpdir(), 'rolecall-unit-'));
  try {
    const values = { ...VALUES, nodePath: AWKWARD, mainPath: AWKWARD };
    const surroundings = { environment: {}, homeDirectory, userId: 1000 };
    const directory = join(homeDirectory, '.config', 'systemd', 'user');
    expect(findInstalledService({ ...surroundings, platform: 'linux' })).toBeUndefined();
    writePrivate(join(directory, 'rolecall.socket'), fillSystemdSocket('/x'));
    writePrivate(join(directory, 'rolecall.service'), fillSystemdService(values));
    expect(findInstalledService({ ...surroundings, platform: 'linux' })).toEqual({
      manager: 'systemd',
      file: join(directory, 'rolecall.service'),
      command: { nodePath: AWKWARD, mainPath: AWKWARD },
      isOutdated: false,
    });

    const agent = join(homeDirectory, 'Library', 'LaunchAgents', 'io.github.rolecall.daemon.plist');
    writePrivate(agent, fillLaunchAgent(values));
    expect(findInstalledService({ ...surroundings, platform: 'darwin' })).toEqual({
      manager: 'launchd',
      file: agent,
      command: { nodePath: AWKWARD, mainPath: AWKWARD },
      isOutdated: false,
    });
    const elsewhere = { ROLECALL_SOCKET: '/elsewhere' };
    expect(findInstalledService({ ...surroundings, environment: elsewhere, platform: 'linux' })).toBeUndefined();
  } finally {
    rmSync(homeDirectory, { recursive: true });
  }
});

test('fills in every template completely', () => {
  const templates = ['systemd', 'launchd'].flatMap((folder) => readdirSync(join(root, folder)));
  expect(templates.toSorted()).toEqual(['io.github.rolecall.daemon.plist', 'rolecall.service', 'rolecall.socket']);
  const filled = fillSystemdSocket('/x') + fillSystemdService(VALUES) + fillLaunchAgent(VALUES);
  expect(filled).not.toMatch(/\{\{|\}\}|undefined/);
  expect(readFileSync(join(root, 'systemd', 'rolecall.service'), 'utf8')).toMatch(/\{\{node\}\}/);
});

test('gives the service paths and how to reach AWS from the shell, but no secret', () => {
  const kept = { HTTPS_PROXY: 'http://p', AWS_CONFIG_FILE: '/c', ROLECALL_CONFIG: '/r', XDG_STATE_HOME: '/s' };
  const left = {
    ROLECALL_PASSPHRASE: 'secret',
    ROLECALL_NO_AUTOSTART: '1',
    AWS_PROFILE: 'p',
    AWS_SECRET_ACCESS_KEY: 'k',
    AWS_ENDPOINT_URL: 'http://localstack',
    PATH: '/bin',
    DISPLAY: ':0',
    NO_PROXY: '',
    AWS_CA_BUNDLE: '/a\nLD_PRELOAD=/evil',
  };
  expect(serviceEnvironment({ ...kept, ...left })).toEqual(kept);
});
