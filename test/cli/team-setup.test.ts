// `rolecall setup --from` and `--refresh` with a real daemon and a real https server: what is accepted and refused.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { createRig, writePrivate, type Rig, type RigOptions } from '../helpers/rig.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

const TEAM = `team = "Platform"
[profiles]
name = "{account_name}/{permission_set}"
write = "used"

[session.work]
start_url = "https://d-1234567890.awsapps.com/start"
region = "us-east-1"
label = "Work"

[[role]]
account_id = "111111111111"
alias = "admin"
region = "eu-central-1"
pin = true

[[protect]]
permission_set = "Admin-*"
`;
const SECTION = `[sso-session work]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function openRig(options: RigOptions = {}): Promise<Rig> {
  const its = await createRig({ config: '', ...options });
  ends.push(its.remove);
  return its;
}

function writeTeam(its: Rig, text: string | Uint8Array = TEAM, name = 'platform.toml'): string {
  const path = join(its.home.path, name);
  writeFileSync(path, text);
  return path;
}

const teamPath = (its: Rig) => join(dirname(its.paths.settingsFile), 'team.toml');
const kept = (its: Rig) => (existsSync(teamPath(its)) ? readFileSync(teamPath(its), 'utf8') : undefined);
const noteMarks = (text: string) => text.split('\n').filter((line) => line.startsWith('Note:'));

describe('a team file', () => {
  test('is shown, confirmed, stored with its source and applied; its sso-sessions can be signed in to', async () => {
    const its = await openRig();
    const path = writeTeam(its);
    const no = await its.runCli(['setup', '--from', path], { isTerminal: true, answers: ['n'] });
    expect([no.exitCode, kept(its), existsSync(its.configPath)]).toEqual([0, undefined, false]);
    expect(no.stderr).toContain('Nothing was written.');

    expect(no.stdout).toContain('+[sso-session work]');
    expect(no.stdout).toContain('+write = "used"');

    const taken = await its.client.call('team', { body: { source: path } });
    expect(taken).toMatchObject({ source: path, sessions: ['work'], kept: [], foreignStartUrls: [] });
    expect([taken.team.written, taken.config.written]).toEqual([true, true]);
    expect(kept(its)).toBe(`# rolecall team file, from ${path}\n${TEAM}`);
    expect(statSync(teamPath(its)).mode & 0o777).toBe(0o600);
    expect(readFileSync(its.configPath, 'utf8')).toBe(SECTION);

    await its.restartDaemon();
    await its.runCli(['login', '--all']);
    expect((await its.client.call('status', {})).team).toEqual({ source: path });
    expect((await its.runCli(['status'])).stdout).toContain(`settings from ${path}\n`);
    const { roles } = await its.client.call('roles', { query: {} });
    const first = roles.find(({ accountId }) => accountId === '111111111111');
    expect(first).toMatchObject({
      label: 'Work',
      profile: 'taylor/Admin-AF-Permission-Set',
      aliases: ['admin'],
      pinned: true,
      protected: true,
    });
    expect(roles.filter(({ unwritten }) => unwritten === true)).toHaveLength(4);
    const doctor = await its.runCli(['doctor', '--json']);
    const { groups } = JSON.parse(doctor.stdout) as { groups: { findings: { code: string }[] }[] };
    const notes = groups.flatMap(({ findings }) => findings).filter(({ code }) => code === 'settings-without-effect');
    expect(notes).toEqual([]);
    expect(readFileSync(its.configPath, 'utf8')).toContain(
      '[profile admin]\n# alias of taylor/Admin-AF-Permission-Set\nregion = eu-central-1\n',
    );
  });

  test('is overridden by the user’s own settings and sessions key by key, and shows where', async () => {
    const settings =
      '[profiles]\nname = "{account_id}.{permission_set}"\n[session.work]\nlabel = "Mine"\n[[role]]\naccount_id = "111111111111"\npin = false\n';
    const config = SECTION.replace('us-east-1', 'eu-west-1');
    const its = await openRig({ settings, config });
    const path = writeTeam(its);
    const run = await its.runCli(['setup', '--from', path, '--dry-run']);
    expect(run.exitCode).toBe(0);
    expect(noteMarks(run.stderr)).toEqual([
      'Note: your own settings have another value for profiles.name, which stays.',
      'Note: your own settings have another value for session.work.label, which stays.',
      'Note: your own settings have another value for [sso-session work], which stays.',
    ]);
    await its.client.call('team', { body: { source: path } });
    expect(readFileSync(its.configPath, 'utf8')).toBe(config);
    await its.restartDaemon();
    await its.runCli(['login']);
    const { roles } = await its.client.call('roles', { query: {} });
    expect(roles.find(({ accountId }) => accountId === '111111111111')).toMatchObject({
      label: 'Mine',
      profile: '111111111111.Admin-AF-Permission-Set',
      // The user's own rule wins for its keys; the team's rule provides the rest.
      pinned: false,
      aliases: ['admin'],
    });
  });

  test('refreshes from its source, shows the difference first, and applies only what was shown', async () => {
    const its = await openRig();
    expect(await its.runCli(['setup', '--refresh', '--yes'])).toMatchObject({ exitCode: 2 });
    const path = writeTeam(its);
    await its.client.call('team', { body: { source: path } });
    const same = await its.runCli(['setup', '--refresh', '--yes']);
    expect(same.stdout).toBe(`No changes in ${path}\n`);
    writeTeam(its, TEAM.replace('write = "used"', 'write = "all"'));
    const dry = await its.runCli(['setup', '--refresh', '--dry-run']);
    expect(dry.stdout).toContain('-write = "used"\n+write = "all"\n');
    expect(kept(its)).toContain('write = "used"');
    const answers = ['y'];
    const racing = await its.runCli(['setup', '--refresh'], {
      isTerminal: true,
      answers,
      onOutput: (text) => {
        if (text.includes('+write')) writeTeam(its, `${TEAM}\n[[protect]]\npermission_set = "X"\n`);
      },
    });
    expect(racing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('has changed since it was shown') as string,
    });
    expect(kept(its)).toContain('write = "used"');
    await its.client.call('team', { body: {} });
    expect(kept(its)).toContain('permission_set = "X"');
  });

  test('needs a terminal or --yes', async () => {
    const its = await openRig();
    expect(await its.runCli(['setup', '--from', writeTeam(its)])).toMatchObject({
      exitCode: 2,
      stderr: 'rolecall: Not a terminal: pass --yes to apply the changes. [usage]\nRun: rolecall setup --help\n',
    });
    expect(kept(its)).toBeUndefined();
  });

  test('keeps the daemon from starting when it was edited wrongly, with the line', async () => {
    const its = await openRig();
    writePrivate(teamPath(its), '# rolecall team file, from /x\n[profiles]\nnmae = "x"\n');
    await expect(its.restartDaemon()).rejects.toMatchObject({
      code: 'settings-invalid',
      message: `${teamPath(its)}, line 3: unknown key "nmae". Did you mean "name"?`,
    });
    writePrivate(teamPath(its), '');
    await its.restartDaemon().catch(() => undefined);
  });
});

describe('a hostile or broken team file', () => {
  test.each([
    ['an unknown key', '[profiles]\nnmae = "x"', 'line 2: unknown key "nmae". Did you mean "name"?'],
    ['a wrong type', '[profiles]\nwrite = 3', 'line 2: "profiles.write" must be one of "all", "used", "auto".'],
    [
      'a command to run',
      '[session.work]\nstart_url = "https://x.awsapps.com/start"\nregion = "us-east-1"\nbrowser = "sh -c evil"',
      'line 4: unknown key "browser".',
    ],
    ['an endpoint for tokens', '[endpoints]\nsso_oidc = "https://evil.example"', 'line 1: unknown key "endpoints".'],
    ['a proxy', '[network]\nproxy = "http://evil.example"', 'line 1: unknown key "network".'],
    ['another store', 'secret_store = "memory"', 'line 1: unknown key "secret_store".'],
    ['no start URL', '[session.work]\nregion = "us-east-1"', 'line 1: "session.work" must have required property'],
    [
      'a start URL without https',
      '[session.work]\nstart_url = "http://x.awsapps.com/start"\nregion = "us-east-1"',
      'line 2: "session.work.start_url": A start URL begins with https',
    ],
    [
      'a region that is none',
      '[session.work]\nstart_url = "https://x.awsapps.com/start"\nregion = "us-east-1\\nx = 1"',
      'line 3: "session.work.region" must match pattern',
    ],
    [
      'a name that breaks the config file',
      '[session."a]\\n[profile x"]\nstart_url = "https://x.awsapps.com/start"\nregion = "us-east-1"',
      'a session name may contain only letters, digits',
    ],
    ['__proto__', '[session.__proto__]\nstart_url = "https://x.awsapps.com/start"\nregion = "us-east-1"', /__proto__/],
    [
      'control characters',
      '[session.work]\nlabel = "\\u001b]0;evil\\u0007"\nstart_url = "https://x.awsapps.com/start"\nregion = "us-east-1"',
      'line 2: "session.work.label" must match pattern',
    ],
    [
      'a name template of nobody',
      '[profiles]\nname = "{nobody}"',
      'line 2: "profiles.name": "{nobody}" in the setting profiles.name is not a placeholder',
    ],
    [
      'an alias template of nobody',
      '[[role]]\nalias = "{nobody}"',
      'line 2: "role.alias": "{nobody}" in the setting role.alias is not a placeholder',
    ],
    ['no TOML', '<html>sign in first</html>', 'line 1: '],
    ['no text', new Uint8Array([0x66, 0xff, 0xfe]), 'is not UTF-8 text'],
    ['far too much', `#${'x'.repeat(2 * 1024 * 1024)}`, 'is larger than 2048 KiB'],
  ] as const)('%s is refused with its line, and nothing is written', async (_, text, reason) => {
    const its = await openRig();
    const path = writeTeam(its, text);
    const { exitCode, stdout, stderr } = await its.runCli(['setup', '--from', path, '--yes']);
    expect([exitCode, stdout, kept(its), existsSync(its.configPath)]).toEqual([2, '', undefined, false]);
    if (typeof reason === 'string') expect(stderr).toContain(reason);
    else expect(stderr).toMatch(reason);
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  test('refuses a folder, a device, a pipe and a missing path without waiting', async () => {
    const its = await openRig();
    mkdirSync(join(its.home.path, 'folder'));
    for (const [path, exitCode] of [
      [join(its.home.path, 'folder'), 2],
      ['/dev/zero', 2],
      ['/dev/null', 2],
      [join(its.home.path, 'nothing'), 7],
    ] as const) {
      expect(await its.runCli(['setup', '--from', path, '--yes'])).toMatchObject({
        exitCode,
        stderr: expect.stringMatching(/\nRun: rolecall setup --help\n$/) as string,
      });
    }
  });

  test('warns of a start URL on an unknown host', async () => {
    const its = await openRig();
    const path = writeTeam(its, TEAM.replace('d-1234567890.awsapps.com', 'sso.evil.example'));
    const { stderr } = await its.runCli(['setup', '--from', path, '--dry-run']);
    expect(stderr).toContain('https://sso.evil.example/start is not an AWS address');
  });

  test.each([
    [['--from', 'x.toml', '--refresh'], 'not both'],
    [['--from', 'x.toml', '--start-url', 'd-1234567890'], 'takes no other options'],
    [['--from', 'x.toml', '--service', 'yes'], 'takes no other options'],
    [['--from', 'http://127.0.0.1:1/team.toml'], 'is not https'],
    [['--from', 'file:///etc/passwd'], 'is not https'],
    [['--from', 'https://user:secret@127.0.0.1:1/team.toml'], 'must not contain a user name or password'],
    [['--from', 'https://'], 'is not a valid URL'],
  ] as const)('%j is refused', async (flags, reason) => {
    const its = await openRig();
    const run = await its.runCli(['setup', ...flags, '--yes']);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(reason);
    expect(run.stderr).not.toContain('secret');
  });
});

describe('over https', () => {
  type Handler = (request: IncomingMessage, response: ServerResponse) => void;

  async function serve(handle: Handler) {
    const home = createTemporaryHome();
    ends.push(() => home.remove());
    const authority = createPrivateCa(home.path);
    const server = createServer(authority.issue(['127.0.0.1']), handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: authority.path };
  }

  test('loads from a server with the company’s own CA, following redirects that stay on https', async () => {
    const asked: string[] = [];
    const { url, ca } = await serve((request, response) => {
      asked.push(
        `${request.url} ${request.headers.authorization ?? 'no token'} ${request.headers.cookie ?? 'no cookie'}`,
      );
      if (request.url === '/team?v=1') response.writeHead(302, { location: '/team.toml' }).end();
      else response.end(TEAM);
    });
    const its = await openRig({ environment: { AWS_CA_BUNDLE: ca } });
    const { digest, redirectedTo } = await its.client.call('team', {
      body: { source: `${url}/team?v=1`, dryRun: true },
    });
    expect(redirectedTo).toBe(`${url}/team.toml`);
    await its.client.call('team', { body: { source: `${url}/team?v=1`, digest } });
    expect(asked).toEqual([
      '/team?v=1 no token no cookie',
      '/team.toml no token no cookie',
      '/team?v=1 no token no cookie',
      '/team.toml no token no cookie',
    ]);
    expect(kept(its)).toBe(`# rolecall team file, from ${url}/team?v=1\n${TEAM}`);
    await its.restartDaemon();
    const refreshed = await its.runCli(['setup', '--refresh', '--yes']);
    expect(refreshed.stdout).toBe(`No changes in ${url}/team?v=1\n`);
    expect(refreshed.stderr).toContain(`Note: ${url}/team?v=1 redirects; the file was loaded from ${url}/team.toml.\n`);
  });

  test.each([
    [
      'leads to http',
      (_: string, response: ServerResponse) => response.writeHead(302, { location: 'http://127.0.0.1:1/x' }).end(),
      2,
      'which is not https',
    ],
    [
      'leads to a file',
      (_: string, response: ServerResponse) => response.writeHead(301, { location: 'file:///etc/passwd' }).end(),
      2,
      'which is not https',
    ],
    [
      'leads in circles',
      (url: string, response: ServerResponse) => response.writeHead(302, { location: url }).end(),
      2,
      'redirects too often',
    ],
    ['has no such page', (_: string, response: ServerResponse) => response.writeHead(404).end('x'), 2, 'answered 404'],
    [
      'never ends',
      (_: string, response: ServerResponse) => {
        const more = () => response.write('# filler\n'.repeat(10_000), () => response.destroyed || setImmediate(more));
        more();
      },
      2,
      'is longer than 2048 KiB',
    ],
    ['hangs up', (_: string, response: ServerResponse) => response.destroy(), 7, 'could not be read'],
  ] as const)('writes nothing from a server that %s', async (_, answer, exitCode, reason) => {
    const { url, ca } = await serve((request, response) => void answer(request.url ?? '', response));
    const its = await openRig({ environment: { AWS_CA_BUNDLE: ca } });
    const run = await its.runCli(['setup', '--from', `${url}/team.toml`, '--yes']);
    expect([run.exitCode, kept(its)]).toEqual([exitCode, undefined]);
    expect(run.stderr).toContain(reason);
  });

  test('writes nothing from a server with an untrusted CA', async () => {
    const { url } = await serve((_, response) => void response.end(TEAM));
    const its = await openRig();
    const run = await its.runCli(['setup', '--from', `${url}/team.toml`, '--yes']);
    expect([run.exitCode, kept(its)]).toEqual([7, undefined]);
    expect(run.stderr).toContain('could not be read');
  });
});
