// `rolecall doctor`: for each code, breaks a machine, runs the commands of the finding, and expects the finding to go away.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DOCTOR_CODES, type DoctorCode } from '../../src/cli/commands/doctor/codes.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import type { RuntimePaths } from '../../src/local-api/paths.ts';
import { identifyProcess } from '../../src/platform/process/process-identity.ts';
import { canSeeProcesses } from '../helpers/processes.ts';
import {
  CONFIG,
  createRig,
  SESSION,
  writePrivate,
  type CliOptions,
  type Rig,
  type RigOptions,
} from '../helpers/rig.ts';
import { withQuickPrograms } from '../helpers/quick-programs.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { installProgram, TROUBLES, type Trouble } from './doctor-worlds.ts';

interface FindingDocument {
  readonly code: DoctorCode;
  readonly severity: string;
  readonly message: string;
  readonly commands: readonly string[];
  readonly fixable: boolean;
}

interface DoctorDocument {
  readonly ok: boolean;
  readonly groups: readonly {
    readonly name: string;
    readonly state: string;
    readonly summary: string;
    readonly findings: readonly FindingDocument[];
  }[];
}

let rig: Rig | undefined;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await rig?.remove();
  rig = undefined;
});

async function openRig(options?: RigOptions): Promise<Rig> {
  rig = await createRig(options);
  return rig;
}

async function diagnose(
  its: Rig,
  options: CliOptions = {},
): Promise<DoctorDocument & { exitCode: number; findings: FindingDocument[] }> {
  const { exitCode, stdout } = await its.runCli(['doctor', '--json'], {
    ...options,
  });
  const document = JSON.parse(stdout) as DoctorDocument;
  expect(exitCode).toBe(document.ok ? 0 : 1);
  return { ...document, exitCode, findings: document.groups.flatMap(({ findings }) => findings) };
}

/** A shell that runs the commands of a finding. `rolecall` commands are recorded there and then run against the rig. */
function openShell(
  its: Rig,
  trouble: Trouble,
): {
  options(): CliOptions;
  type(command: string): Promise<void>;
} {
  const calls = join(its.home.path, 'rolecall-calls');
  installProgram(its, 'shims/rolecall', `printf '%s\\n' "$*" >>"${calls}"`);
  installProgram(its, 'shims/sudo', 'exec "$@"');
  installProgram(
    its,
    'shims/aws',
    'case "$*" in configure*) echo AKIAIOSFODNN7EXAMPLE ;; *logout*) rm -f "$HOME"/.aws/sso/cache/*.json ;; esac; printf "%s\\n" "$*" >>"$HOME/aws-calls"',
  );
  installProgram(
    its,
    'shims/editor',
    'case $1 in +*) line=${1#+}; shift ;; esac; PATH=/usr/bin:/bin; sed -i "$(printf %s "$EDIT" | sed "s/LINE/$line/")" "$1"',
  );
  let environment: Record<string, string> = {
    ...its.environment,
    PATH: withQuickPrograms(its.home.path, its.environment['PATH']),
    EDITOR: join(its.home.path, 'shims', 'editor'),
    EDIT: typeof trouble.edit === 'function' ? trouble.edit(its) : (trouble.edit ?? ''),
    ...trouble.shell?.(its),
  };
  return {
    options: () => ({
      environment,
      ...(trouble.nodeVersion === undefined ? {} : { nodeVersion: trouble.nodeVersion(its) }),
      ...(trouble.clock === undefined ? {} : { clock: trouble.clock(its) }),
      ...(trouble.manager === undefined ? {} : { runTool: trouble.manager.run(its) }),
    }),
    async type(command) {
      writeFileSync(calls, '');
      const typed = Object.entries(trouble.words?.(its) ?? {}).reduce(
        (text, [word, value]) => text.replaceAll(word, value),
        command,
      );
      const path = environment['PATH'] ?? '';
      const shell = spawnSync('/bin/bash', ['-c', `${typed}\nstatus=$?; /usr/bin/env -0 >&3; exit $status`], {
        env: { ...environment, PATH: `${its.home.path}/shims:${path}` },
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        encoding: 'utf8',
      });
      expect({ typed, status: shell.status, stderr: shell.stderr }).toEqual({
        typed,
        status: 0,
        stderr: expect.any(String),
      });
      const lines = (shell.output[3] ?? '').split('\0').flatMap((line) => (line.includes('=') ? [line] : []));
      environment = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      environment['PATH'] = (environment['PATH'] ?? '').replace(`${its.home.path}/shims:`, '');
      await trouble.settle?.(its);
      for (const words of readFileSync(calls, 'utf8').split('\n')) {
        if (trouble.manager !== undefined) await trouble.manager.type(words, its);
        else if (words === 'daemon restart' || words === 'daemon start') await its.restartDaemon(environment);
        else if (words !== '') await its.runCli(words.split(' '), { environment });
      }
    },
  };
}

const isRoot = process.getuid?.() === 0;

describe('each code', () => {
  test('has a broken machine to test it with', () => {
    expect(new Set(TROUBLES.map(({ code }) => code))).toEqual(new Set(Object.keys(DOCTOR_CODES)));
    expect([...new Set(TROUBLES.filter(({ fixable }) => fixable === true).map(({ code }) => code))].toSorted()).toEqual(
      Object.entries(DOCTOR_CODES)
        .flatMap(([code, row]) => (row.fixable ? [code] : []))
        .toSorted(),
    );
  });

  for (const trouble of TROUBLES.filter(({ needsRoot }) => needsRoot !== true || isRoot)) {
    const { needsProgram = '/bin/sh' } = trouble;
    const name = `'${trouble.code}' is reported, and gone after its commands have run`;
    test.skipIf(!systemPart(needsProgram, needsProgram))(name, { timeout: 180_000 }, async () => {
      const its = await openRig(trouble.rig);
      const shell = openShell(its, trouble);
      await trouble.breakIt?.(its, ends);
      await trouble.manager?.prepare(its);

      const sick = await diagnose(its, shell.options());
      const found = sick.findings.filter(({ code }) => code === trouble.code);
      expect(found.length).toBeGreaterThan(0);
      const [first] = found;
      expect(first).toMatchObject({ severity: DOCTOR_CODES[trouble.code].severity });
      if (first?.severity === 'problem') expect(sick.exitCode).toBe(1);
      expect(first?.message).toMatch(/^.+[.?]$/s);
      expect(first?.commands.length).toBeGreaterThan(0);

      // The program that used the port has ended by now.
      if (trouble.code.includes('port-')) for (const end of ends.splice(0)) end();
      await trouble.before?.(its);
      for (const command of first?.commands ?? []) if (command !== trouble.leavesOut) await shell.type(command);
      await waitFor(
        `${trouble.code} to go away`,
        async () => {
          const { findings } = await diagnose(its, shell.options());
          return findings.every(({ code }) => code !== trouble.code);
        },
        { deadlineMs: 80_000 },
      );
    });
  }

  test.each(TROUBLES.filter(({ code, fixable }) => fixable === true && code !== 'credential-process-copy-stale'))(
    '$code is fixed by --fix',
    async (trouble) => {
      const its = await openRig(trouble.rig);
      const shell = openShell(its, trouble);
      await trouble.breakIt?.(its, ends);
      const found = (await diagnose(its, shell.options())).findings.find(({ code }) => code === trouble.code);
      expect(found).toMatchObject({ fixable: true });
      expect(await its.runCli(['doctor', '--fix', trouble.code], shell.options())).toMatchObject({
        exitCode: 0,
        stderr: '',
      });
      expect(await its.runCli(['doctor', '--fix', trouble.code], shell.options())).toEqual({
        exitCode: 0,
        stdout: `Nothing to fix: no ${trouble.code} found.\n`,
        stderr: '',
      });
    },
  );
});

test('credential-process-copy-stale is fixed by --fix, with a daemon process of its own', async () => {
  const home = createTemporaryHome();
  try {
    const environment = { ...home.environment, ROLECALL_SECRET_STORE: 'memory' };
    const copy = join(home.path, '.local', 'share', 'rolecall', 'bin', 'rolecall-credential-process');
    writePrivate(
      join(home.path, '.aws', 'config'),
      `${CONFIG}\n[profile ours]\ncredential_process = ${copy} --session ${SESSION} --account 111111111111 --role R\n`,
    );
    const sick = await runRolecall(['doctor', '--json'], { environment });
    expect(sick.stdout).toContain('"code": "credential-process-copy-stale"');
    expect(await runRolecall(['doctor', '--fix', 'credential-process-copy-stale'], { environment })).toEqual({
      exitCode: 0,
      stdout: `Restarted the daemon, which has written ${copy} again.\n`,
      stderr: '',
    });
    expect(existsSync(copy)).toBe(true);
    const well = await runRolecall(['doctor', '--json'], { environment });
    expect(well.stdout).not.toContain('credential-process-copy-stale');
  } finally {
    await runRolecall(['daemon', 'stop'], { environment: home.environment });
    await home.remove();
  }
}, 120_000);

describe('doctor', () => {
  test('finds nothing broken on a healthy machine, signed in or without a daemon', async () => {
    const its = await openRig();
    await its.runCli(['login']);
    // A date before the end of Node 20, as the tests may run on it.
    const clock = { ...createSystemClock(), nowMs: () => Date.parse('2026-11-24') };
    const options = { nodeVersion: 'v24.1.0', clock };
    const signedIn = await diagnose(its, options);
    const expected =
      Number(process.version.slice(1, 3)) < 22 ? ['secret-store-memory', 'node-ends-soon'] : ['secret-store-memory'];
    expect(signedIn.findings.map(({ code }) => code)).toEqual(expected);
    expect(signedIn).toMatchObject({ ok: true, exitCode: 0 });
    await its.daemon().stop();
    const alone = await diagnose(its, options);
    expect(alone.findings).toEqual([]);
    expect(alone.groups.flatMap(({ name, state }) => (state === 'ok' ? [] : [`${name} ${state}`]))).toEqual([
      'store skipped',
      'sign-in skipped',
      'network skipped',
    ]);
    // It did not start a daemon.
    expect((await its.runCli(['doctor'], options)).stdout).toMatch(/^ok {4}Daemon {11}not running; the first command/m);
  });

  test('shows how each session signs in from here, and why', async () => {
    const its = await openRig();
    const signIn = async (options: CliOptions) => {
      const { stdout } = await its.runCli(['doctor'], options);
      const lines = stdout.split('\n');
      const start = lines.findIndex((line) => line.includes('Sign-in'));
      return lines.slice(start, start + lines.slice(start + 1).findIndex((line) => !line.startsWith(' ')) + 1);
    };
    const pkce = 'authorization code (PKCE), because a browser is on this machine';
    expect(await signIn({ browserPlace: 'here' })).toEqual([`ok    Sign-in          ${pkce}`]);
    expect(await signIn({ browserPlace: 'ssh' })).toEqual([
      'ok    Sign-in          device code, because this is an SSH session',
    ]);

    const other = CONFIG.replaceAll(SESSION, 'other').replace(/\[profile[\s\S]*/u, '');
    writePrivate(its.configPath, `${CONFIG}\n${other}`);
    writePrivate(its.paths.settingsFile, '[session.other]\nflow = "device"\n');
    await its.restartDaemon();
    const set = 'device code, because your settings say so';
    expect(await signIn({ browserPlace: 'here' })).toEqual([
      'ok    Sign-in          differs between 2 sso-sessions',
      `      ${SESSION}: ${pkce}`,
      `      other: ${set}`,
    ]);
    const { groups } = await diagnose(its, { browserPlace: 'here' });
    expect(groups.find(({ name }) => name === 'sign-in')).toEqual({
      name: 'sign-in',
      state: 'ok',
      summary: 'differs between 2 sso-sessions',
      flows: [
        { session: SESSION, setting: 'auto', flow: 'pkce', reason: 'here' },
        { session: 'other', setting: 'device', flow: 'device', reason: 'setting' },
      ],
      findings: [],
    });
  });

  test('counts profiles of aws login and names the one of this shell, without a finding', async () => {
    const its = await openRig({
      config: `${CONFIG}\n[profile demo]\nlogin_session = arn:aws:iam::123456789012:user/dev/x\n`,
    });
    const { groups } = await diagnose(its, { environment: { AWS_PROFILE: 'demo' } });
    const own = groups.filter(({ name }) => name === 'config' || name === 'environment');
    expect(own).toMatchObject([
      { name: 'config', state: 'ok', summary: '~/.aws/config: 1 sso-session, 2 profiles, 1 of them by aws login' },
      {
        name: 'environment',
        state: 'ok',
        summary: expect.stringMatching(/a problem; AWS_PROFILE is demo, by aws login$/),
      },
    ]);
  });

  test.runIf(canSeeProcesses)('reports a daemon that runs without a socket', async () => {
    const its = await openRig();
    await its.daemon().stop();
    writePrivate(its.paths.lockFile, JSON.stringify(identifyProcess(process.pid)));
    expect((await diagnose(its)).findings).toContainEqual({
      code: 'daemon-not-answering',
      severity: 'problem',
      message: `The daemon (pid ${process.pid}) is running, but does not listen at ${its.paths.socketPath}.`,
      commands: ['rolecall daemon restart'],
      fixable: false,
    });
  });

  test('reports why no daemon can start, with the message that the daemon would fail with', async () => {
    rig = await openRig();
    await rig.daemon().stop();
    mkdirSync(rig.paths.lockFile);
    const run = await rig.runCli(['doctor']);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain(`${rig.paths.lockFile} cannot be used: it is a folder. [daemon-problem]\n`);
    expect(run.stdout).toContain(`$ mv ${rig.paths.lockFile} ${rig.paths.lockFile}.old\n`);
    rmdirSync(rig.paths.lockFile);
    expect((await rig.runCli(['doctor'])).stdout).not.toContain('daemon-problem');
  });

  test.each([
    ['socket folder a file', ({ socketPath }: RuntimePaths) => dirname(socketPath), 'it is not a directory'],
    ['state folder a file', ({ stateDirectory }: RuntimePaths) => stateDirectory, 'it is not a directory'],
    ['a file above the state folder', ({ stateDirectory }: RuntimePaths) => dirname(stateDirectory), 'is not a folder'],
    ['a file in the way of the socket', ({ socketPath }: RuntimePaths) => socketPath, 'a file that is not a socket'],
  ])('reports what keeps a daemon from starting: %s', async (_, pathOf, reason) => {
    const its = await openRig();
    await its.daemon().stop();
    const path = pathOf(its.paths);
    rmSync(path, { recursive: true, force: true });
    writePrivate(path, '');
    const { findings } = await diagnose(its);
    const found = findings.filter(({ severity }) => severity === 'problem');
    expect(found).toMatchObject([
      { code: 'daemon-problem', message: expect.stringContaining(reason), commands: [`mv ${path} ${path}.old`] },
    ]);
    rmSync(path);
    expect((await diagnose(its)).ok).toBe(true);
  });

  test('names the folder through which others could replace the state folder, with and without a daemon', async () => {
    const its = await openRig();
    const above = dirname(its.paths.stateDirectory);
    chmodSync(above, 0o777);
    const expected = {
      code: 'daemon-problem',
      message: `${its.paths.stateDirectory} is not safe to use, because other users could replace it: ${above} is writable by other users.`,
      commands: [`chmod go-w ${above}`],
    };
    expect((await diagnose(its)).findings).toContainEqual(expect.objectContaining(expected));
    await its.daemon().stop();
    expect((await diagnose(its)).findings).toContainEqual(expect.objectContaining(expected));
  });

  test('prints one line for a check that passes, and a sentence with commands for each finding', async () => {
    const its = await openRig();
    const { exitCode, stdout, stderr } = await its.runCli(['doctor'], {
      environment: { AWS_PROFILE: 'nobody' },
      nodeVersion: 'v24.1.0',
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'ok    AWS files        ~/.aws/config: 1 sso-session, 1 profile',
      'ok    Long-lived keys  none in your AWS files',
      '!     This shell       1 finding',
      '      AWS_PROFILE is "nobody", but ~/.aws/config has no profile of that name. [environment-profile-unknown]',
      '      $ unset AWS_PROFILE',
    ]);
    expect(lines.at(-2)).toMatch(/^1 problem, \d notes?\.$/);
  });

  test('shows only the last four characters of a key, in every output', async () => {
    const its = await openRig();
    writePrivate(
      join(its.home.path, '.aws', 'credentials'),
      '[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY\n[boss]\nsource_profile = default\nrole_arn = arn:aws:iam::111111111111:role/x\n',
    );
    for (const flags of [[], ['--json'], ['--report']]) {
      const { stdout, stderr } = await its.runCli(['doctor', ...flags], {
        environment: {
          AWS_ACCESS_KEY_ID: 'AKIAI44QH8DHBEXAMPLE',
          AWS_SECRET_ACCESS_KEY: 'je7MtGbClwBFwJalrXUtnFEMIMPLEKEY',
        },
      });
      expect(stdout + stderr).not.toMatch(/AKIA|wJalr|je7Mt/);
      if (flags[0] !== '--report') expect(stdout).toContain('****************MPLE');
    }
    const { stdout } = await its.runCli(['doctor']);
    expect(stdout).toContain('The profile boss depends on it (source_profile).');
  });

  test('shows how to find the owner and age of a long-lived key and how to remove it, in a file and in the shell', async () => {
    const its = await openRig();
    const path = join(its.home.path, '.aws', 'credentials');
    writePrivate(path, '[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n');
    const { findings } = await diagnose(its, {
      environment: { AWS_ACCESS_KEY_ID: 'AKIAI44QH8DHBEXAMPLE', AWS_SECRET_ACCESS_KEY: 'je7MtGbClwBF' },
    });
    const commands = (code: DoctorCode) => findings.filter((one) => one.code === code).map((one) => one.commands);
    const id = '"$(aws configure get aws_access_key_id --profile ci)"';
    expect(commands('long-lived-key')).toEqual([
      [
        'aws sts get-caller-identity --profile ci',
        'aws iam list-access-keys --profile ci',
        `aws iam get-access-key-last-used --access-key-id ${id} --profile ci`,
        `aws iam update-access-key --status Inactive --access-key-id ${id} --profile ci`,
        `aws iam delete-access-key --user-name USER --access-key-id ${id} --profile ADMIN`,
        `\${EDITOR:-vi} +1 ${path}`,
      ],
    ]);
    expect(commands('environment-keys')).toEqual([
      [
        'aws sts get-caller-identity',
        'aws iam list-access-keys',
        'aws iam get-access-key-last-used --access-key-id "$AWS_ACCESS_KEY_ID"',
        'aws iam update-access-key --status Inactive --access-key-id "$AWS_ACCESS_KEY_ID"',
        'aws iam delete-access-key --user-name USER --access-key-id "$AWS_ACCESS_KEY_ID" --profile ADMIN',
        'unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY',
      ],
    ]);
  });

  test('suggests no deletion for keys in the shell that expire on their own', async () => {
    const its = await openRig();
    for (const [keyId, token] of [
      ['AKIAI44QH8DHBEXAMPLE', 'AWS_SESSION_TOKEN'],
      ['ASIAI44QH8DHBEXAMPLE', 'AWS_SECURITY_TOKEN'],
    ] as const) {
      const { findings } = await diagnose(its, { environment: { AWS_ACCESS_KEY_ID: keyId, [token]: 'token' } });
      expect(findings.filter(({ code }) => code === 'environment-keys')).toEqual([
        {
          code: 'environment-keys',
          severity: 'problem',
          message:
            'This shell has keys in its environment, and most AWS clients prefer them to any profile. If the variables are back in a new shell, its startup files set them.',
          commands: [`unset AWS_ACCESS_KEY_ID ${token}`],
          fixable: false,
        },
      ]);
    }
  });

  test('reports another tool once, by its commands rather than its marks, and ignores marks that are commented out', async () => {
    const its = await openRig({
      config:
        '# common_fate_generated_from = aws-sso\n# BEGIN_AWS_SSO_CLI\n[profile s]\ncredential_process = aws-sso process --arn arn:aws:iam::044444444444:role/Dev\n# END_AWS_SSO_CLI\n',
    });
    const tools = async () => (await diagnose(its)).findings.filter(({ code }) => code === 'other-tool');
    expect(await tools()).toEqual([
      {
        code: 'other-tool',
        severity: 'note',
        message:
          'aws-sso-cli serves the keys of the profile "s" in ~/.aws/config. You can get the same profiles from rolecall.',
        commands: ['rolecall profiles adopt --from aws-sso --dry-run', 'rolecall profiles adopt --from aws-sso --yes'],
        fixable: false,
      },
    ]);
    writePrivate(
      its.configPath,
      '[profile a]\ncommon_fate_generated_from = aws-sso\n[profile b]\ncommon_fate_generated_from = aws-sso\n',
    );
    expect(await tools()).toEqual([
      {
        code: 'other-tool',
        severity: 'note',
        message:
          'Granted also writes profiles to ~/.aws/config (its marks: line 2 and 1 more line) and may undo changes that you or rolecall make to them. When you no longer use it, remove its marks.',
        commands: [`\${EDITOR:-vi} +2 ${its.configPath}`],
        fixable: false,
      },
    ]);
  });

  test('--report contains no name, address or path of the user', async () => {
    const its = await openRig({
      config: `${CONFIG}\n[profile Gringotts.Vault]\nsso_session = hogwarts\n[profile "account1"]\nregion = eu-west-1\n`,
      settings: 'flow = "auto"\n[session.my-sso-session]\nlabel = "Ministry"\n',
    });
    await its.runCli(['login']);
    const { exitCode, stdout, stderr } = await its.runCli(['doctor', '--report'], {
      environment: { AWS_PROFILE: 'Azkaban', AWS_ENDPOINT_URL_SSO: 'https://floo.example' },
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(stdout).toContain('| config | problem | profile-duplicate, profile-session-missing |');
    expect(stdout).toMatch(/^- lists: 4 accounts x 5 permission sets$/m);
    const names = [
      'Gringotts',
      'hogwarts',
      'Ministry',
      'Azkaban',
      'floo',
      its.home.path,
      SESSION,
      'd-1234567890',
      'awsapps',
      'account1',
      'Admin-AF-Permission-Set',
      'taylor',
      '111111111111',
      '127.0.0.1',
      '@',
    ];
    expect(names.filter((name) => stdout.includes(name))).toEqual([]);
    // Only rolecall's own words: codes, groups, states, versions, counts.
    expect(stdout).toMatch(/^[A-Za-z0-9 .,:;|'#\-/\n]*$/);
  });

  test('--fix without a code fixes all that is safe, deletes no file of the user, and shows what is left', async () => {
    const its = await openRig();
    const credentials = join(its.home.path, '.aws', 'credentials');
    const text = '[other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n';
    writePrivate(credentials, text);
    chmodSync(credentials, 0o644);
    chmodSync(its.paths.stateDirectory, 0o755);
    const { exitCode, stdout, stderr } = await its.runCli(['doctor', '--fix']);
    expect(stderr).toBe('');
    // The long-lived key in it stays: only its owner can take it away.
    expect(exitCode).toBe(1);
    expect(stdout).toContain('[long-lived-key]');
    expect(stdout).not.toContain('[directory-open]');
    expect(stdout).not.toContain('[file-readable-by-others]');
    expect([statSync(credentials).mode & 0o777, statSync(its.paths.stateDirectory).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect(readFileSync(credentials, 'utf8')).toBe(text);

    writePrivate(credentials, '');
    const again = await its.runCli(['doctor', '--fix', '--json']);
    expect(again).toMatchObject({
      exitCode: 0,
      stderr: '{"type":"note","message":"Nothing can be fixed automatically."}\n',
    });
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true });
  });

  test('checks the helper at the usual place that profiles still name, with XDG_DATA_HOME elsewhere', async () => {
    const data = createTemporaryHome();
    try {
      const its = await openRig({ environment: { XDG_DATA_HOME: data.path } });
      const copy = its.paths.usualCredentialProcessPath;
      writePrivate(copy, "#!/bin/sh\nnode='/gone/node'\nclient='/gone/main.js'\n");
      chmodSync(copy, 0o700);
      writePrivate(its.configPath, `${CONFIG}\n[profile ours]\ncredential_process = ${copy} --current\n`);
      const { stdout } = await its.runCli(['doctor']);
      expect(stdout).toContain('which 1 profile runs, refers to /gone/node, which no longer exists.');
      expect(stdout).toContain(copy);
    } finally {
      await data.remove();
    }
  });

  test('--fix without a code does not end a sign-in that is in memory only', async () => {
    const its = await openRig();
    await its.runCli(['login']);
    unlinkSync(its.paths.credentialProcessPath);
    const { stdout } = await its.runCli(['doctor', '--fix']);
    expect(stdout).toContain('To fix it: rolecall doctor --fix credential-process-copy-stale\n');
    expect(await its.runCli(['status', '--check'])).toMatchObject({ exitCode: 0 });
  });

  test('--fix refuses codes that need a person, and unknown codes', async () => {
    const its = await openRig();
    expect(await its.runCli(['doctor', '--fix', 'long-lived-key'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        /doctor cannot fix "long-lived-key" for you\. It can fix: .*directory-open/,
      ) as string,
    });
    expect(await its.runCli(['doctor', '--fix', 'nonsense'])).toMatchObject({ exitCode: 2 });
  });

  test('neutralizes control characters from files', async () => {
    const its = await openRig({
      config: `${CONFIG}\n[profile "\u001b]0;owned\u0007"]\nsso_session = "\u001b[2J"\n`,
    });
    for (const isTerminal of [false, true]) {
      const { stdout } = await its.runCli(['doctor'], { isTerminal, environment: { NO_COLOR: '1' } });
      expect(stdout).toContain('profile-session-missing');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  });
});
