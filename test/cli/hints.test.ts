// Each error code's hint, run in the state that caused the error: it fixes that, or shows more than the message did.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_TABLE, type ErrorCode, type RolecallError } from '../../src/core/errors.ts';
import { createRig, SESSION, type CliRun, type Rig, type RigOptions } from '../helpers/rig.ts';

interface Shown {
  readonly message: string;
  readonly hint: string;
}

/** What the person sees of an error, and what its hint has to bring. */
interface Case {
  readonly code: ErrorCode;
  /** Own machine, because it is broken for good. */
  readonly rig?: RigOptions;
  readonly provoke: (rig: Rig) => Promise<Shown>;
  readonly hint: string;
  /** In the output of the hint, and not in the message. */
  readonly shows?: RegExp;
  /** Afterwards this works. */
  readonly fixes?: (rig: Rig) => Promise<unknown>;
}

const ADMIN = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
const keysOf = (rig: Rig) => rig.runCli(['credential-process', ...ADMIN]);

async function saying(rig: Rig, ...argv: readonly string[]): Promise<Shown> {
  const { exitCode, stderr } = await rig.runCli(argv);
  expect(exitCode).not.toBe(0);
  const [, message = '', hint = ''] = /rolecall: (.*)\nRun: (.*)\n$/u.exec(stderr) ?? [];
  return { message, hint };
}

async function refused(call: Promise<unknown>): Promise<Shown> {
  try {
    await call;
  } catch (error) {
    const { message, hint } = error as RolecallError;
    return { message, hint };
  }
  throw new Error('it was not refused');
}

const worksThen = async (rig: Rig) => expect(await keysOf(rig)).toMatchObject({ exitCode: 0 });

/** On one machine that is signed in. */
const CASES: readonly Case[] = [
  {
    code: 'usage',
    provoke: (rig) => saying(rig, 'ls', '--nonsense'),
    hint: 'rolecall ls --help',
    shows: /--refresh/u,
  },
  {
    code: 'settings-too-new',
    async provoke(rig) {
      const path = join(rig.home.path, 'newer.toml');
      writeFileSync(path, 'min_version = "99.1"\n');
      return saying(rig, 'setup', '--from', path, '--yes');
    },
    hint: 'npm install -g rolecall@latest',
  },
  {
    code: 'signature-refused',
    provoke: (rig) => saying(rig, 'setup', '--from', rig.configPath, '--sha256', '0'.repeat(64), '--yes'),
    hint: 'rolecall setup --help',
    shows: /--public-key/u,
  },
  {
    code: 'permission-set-not-assigned',
    provoke: (rig) =>
      saying(rig, 'credential-process', '--session', SESSION, '--account', '111111111111', '--role', 'ReadOnly'),
    hint: 'rolecall ls --refresh',
    shows: /taylor +111111111111 +Admin-AF-Permission-Set/u,
  },
  {
    code: 'account-not-found',
    provoke: (rig) =>
      saying(rig, 'credential-process', '--session', SESSION, '--account', '999999999999', '--role', 'ReadOnly'),
    hint: 'rolecall ls --refresh',
    shows: /Log Archive/u,
  },
  {
    code: 'session-not-found',
    provoke: (rig) => saying(rig, 'login', 'nosuch'),
    hint: 'rolecall status',
    shows: /signed in/u,
  },
  {
    code: 'profile-not-found',
    provoke: (rig) => saying(rig, 'env', 'taylor.Nosuch'),
    hint: 'rolecall profiles list',
    shows: /taylor\.Admin-AF-Permission-Set/u,
  },
  {
    code: 'no-current-role',
    provoke: (rig) => saying(rig, 'credential-process', '--current'),
    hint: 'rolecall ls',
    shows: /Admin-AF-Permission-Set/u,
  },
  {
    code: 'grant-not-found',
    provoke: (rig) => refused(rig.client.call('grant', { id: '0123456789abcdef' })),
    hint: 'rolecall exec --help',
    shows: /as long as\nit runs/u,
  },
  {
    code: 'no-tray',
    provoke: async () => ({ message: '', hint: 'rolecall tray --help' }),
    hint: 'rolecall tray --help',
    shows: /swiftbar/u,
  },
  {
    code: 'profile-mismatch',
    provoke: (rig) =>
      refused(
        rig.client.call('setCurrent', {
          body: { session: SESSION, accountId: '044444444444', permissionSet: 'ReadOnly', profile: 'logs' },
        }),
      ),
    hint: 'rolecall use --current Log-Archive.ReadOnly',
    fixes: async (rig) => expect(await rig.runCli(['credential-process', '--current'])).toMatchObject({ exitCode: 0 }),
  },
];

/** Each on a machine of its own. */
const BROKEN: readonly Case[] = [
  {
    code: 'sign-in-required',
    provoke: (rig) => saying(rig, 'credential-process', ...ADMIN),
    hint: `rolecall login ${SESSION}`,
    fixes: worksThen,
  },
  {
    code: 'sign-in-expired',
    async provoke(rig) {
      await rig.runCli(['login']);
      rig.emulator.revokeSessions();
      return saying(rig, 'credential-process', ...ADMIN);
    },
    hint: `rolecall login ${SESSION}`,
    fixes: worksThen,
  },
  {
    code: 'pkce-refused',
    async provoke(rig) {
      const exception = 'UnsupportedGrantTypeException';
      rig.emulator.addFault({
        operation: 'RegisterClient',
        detail: 'authorization_code',
        kind: 'exception',
        exception,
      });
      return saying(rig, 'login', '--pkce');
    },
    hint: `rolecall login --use-device-code ${SESSION}`,
    fixes: worksThen,
  },
  {
    code: 'config-malformed',
    rig: { config: 'garbage\n' },
    provoke: (rig) => saying(rig, 'credential-process', ...ADMIN),
    // The line is known, so the hint opens it there.
    hint: '${EDITOR:-vi} +1 HOME/.aws/config',
  },
  {
    code: 'identity-center-unreachable',
    async provoke(rig) {
      await rig.runCli(['login']);
      await rig.emulator.close();
      return saying(rig, 'credential-process', ...ADMIN);
    },
    hint: 'rolecall doctor',
    shows: /\[endpoint-unreachable\]/u,
  },
  {
    code: 'identity-center-throttled',
    async provoke(rig) {
      await rig.runCli(['login']);
      rig.emulator.addFault({ operation: '*', kind: 'throttle', retryAfterSeconds: 120 });
      return saying(rig, 'credential-process', ...ADMIN);
    },
    hint: 'rolecall status',
    shows: /next try at \d\d:\d\d \(in \d min\): Identity Center asked for a pause/u,
  },
  {
    code: 'unusable-response',
    async provoke(rig) {
      await rig.runCli(['login']);
      rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'html' });
      return saying(rig, 'credential-process', ...ADMIN);
    },
    hint: 'rolecall doctor',
    shows: /Network/u,
  },
];

/** Followed where the state exists: a file of tests, and a text in it. */
const ELSEWHERE: Readonly<Partial<Record<ErrorCode, readonly [file: string, text: string]>>> = {
  'settings-invalid': ['test/system/broken-contents.ts', 'an unknown key in config.toml'],
  'daemon-not-running': ['test/system/broken-files.ts', 'a file in place of the socket, no daemon'],
  'daemon-not-answering': ['test/system/broken-contents.ts', 'the daemon suspended'],
  'daemon-version-mismatch': ['test/cli/doctor-worlds.ts', 'daemon-version-mismatch'],
  'foreign-socket': ['test/system/broken-files.ts', 'the folder of the socket open to everybody'],
  'config-section-not-ours': ['test/system/broken-contents.ts', 'the last line of the block lost'],
  'config-key-not-ours': ['test/cli/doctor-worlds.ts', 'config-key-not-ours'],
  'profile-shadowed': ['test/cli/doctor-worlds.ts', 'profile-shadowed'],
  'secret-store-unavailable': ['test/system/broken-contents.ts', 'no keychain'],
  'secret-store-locked': ['test/system/broken-contents.ts', 'the wrong passphrase'],
  'file-not-writable': ['test/system/broken-files.ts', 'the state folder read-only, under the daemon'],
  'web-unavailable': ['test/cli/doctor-worlds.ts', 'web-port-not-usable'],
  'container-port-lost': ['test/cli/doctor-worlds.ts', 'container-port-lost'],
  'sign-in-unconfirmed': ['test/cli/commands/login/confirm-user.test.ts', 'accept-user'],
  'endpoint-not-accepted': ['test/cli/commands/login/endpoint-consent.test.ts', '--yes'],
  'no-service-manager': ['test/cli/service.test.ts', 'rolecall daemon start'],
};

/** The hint of another code in the same state, or nothing that a person meets. */
const EQUIVALENT: Readonly<Partial<Record<ErrorCode, string>>> = {
  'invalid-request': 'a request of a program; the help lists the commands that make it right',
  'request-too-large': 'as with invalid-request',
  'unsupported-media-type': 'as with invalid-request',
  'sign-in-denied': 'signed out, as for sign-in-required',
  'caller-not-allowed': 'a web page or a program; `rolecall web` opens the page as it is allowed',
  'token-required': 'a web page or a program; `rolecall web` opens the page with a new token',
  'approval-refused': 'the questions that wait, and where they can be answered',
  'approval-not-found': 'the questions that wait',
  'assume-role-refused': 'as whom AWS sees the caller, whom the trust policy of the role has to name',
  'chain-unavailable': 'what is wrong in the file that defines the chain',
  'invalid-policy': 'what is wrong in the file that has the policy',
  'approval-required': 'the questions that wait, and where they can be answered',
  'passkey-not-found': 'the passkeys that there are',
  'directory-entry-not-found': 'a request to the emulator; the help lists how it is used',
  'still-assigned': 'a request to the emulator; the help lists how it is used',
  'passkey-refused': 'the page, where the passkey can be asked again',
  locked: 'what is locked since when',
  'audit-unavailable': 'as for file-not-writable, which the status has beside it',
  'confinement-unavailable': 'the help says what a confined command needs',
  'host-unusable': 'the help says what a host needs',
  'relay-failed': 'the help says what a container needs',
  'no-callback-port': 'the device code, as for pkce-refused',
  'route-not-found': 'a daemon of another version, as for daemon-version-mismatch',
  'config-changed-meanwhile': 'the same command again; undo shows the difference instead',
  'too-many-connections': 'a new daemon has none open',
  'too-many-listeners': 'the status without listening to events',
  internal: 'a new daemon; the message names no cause that another command could show',
};

describe('the hint of an error', () => {
  test('is tried for every code, or is equivalent to one that is', () => {
    const covered = [
      ...[...CASES, ...BROKEN].map(({ code }) => code),
      ...Object.keys(ELSEWHERE),
      ...Object.keys(EQUIVALENT),
    ];
    const codes = Object.values(ERROR_TABLE).flatMap((row) => Object.keys(row.codes));
    expect(covered.toSorted()).toEqual(codes.toSorted());
  });

  test('names the status only by a code that is tried here, and for an answer without a hint', () => {
    const source = join(import.meta.dirname, '..', '..', 'src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(300);
    const naming = files.filter((path) => /hint: '(rolecall status)'/u.test(readFileSync(join(source, path), 'utf8')));
    expect(naming).toEqual([]);
  });

  test.each(Object.entries(ELSEWHERE))('%s: is followed by another test', (_, [file, text]) => {
    const path = join(import.meta.dirname, '..', '..', file);
    expect(existsSync(path) && readFileSync(path, 'utf8').includes(text)).toBe(true);
  });
});

/** Types the hint in the broken state. */
async function follow(rig: Rig, broken: Case): Promise<void> {
  const { message, hint } = await broken.provoke(rig);
  expect(hint.replaceAll(rig.home.path, 'HOME')).toBe(broken.hint);
  if (!hint.startsWith('rolecall ')) return;
  const { stdout }: CliRun = await rig.runCli(hint.split(' ').slice(1));
  if (broken.shows !== undefined) {
    expect(stdout).toMatch(broken.shows);
    expect(message).not.toMatch(broken.shows);
  }
  await broken.fixes?.(rig);
}

describe('on a machine that is signed in', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await createRig();
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => rig.remove());

  test.each(CASES)('$code: "$hint" shows more than the message', (shown) => follow(rig, shown));

  test('a program that exec cannot find: shows the alias, or where the shell looks for programs', async () => {
    const { hint } = await saying(rig, 'exec', 'account1', '--', 'nosuch');
    expect(hint).toBe('type nosuch || echo "$PATH"');
    const folder = rig.home.path;
    expect((await saying(rig, 'exec', 'account1', '--', `${folder}/bin/nosuch`)).hint).toBe(`ls -l ${folder}`);
  });

  test('adopt without a terminal: the preview of what was asked for', async () => {
    expect((await saying(rig, 'profiles', 'adopt')).hint).toBe('rolecall profiles adopt --dry-run');
    const { hint } = await saying(rig, 'profiles', 'adopt', '--undo');
    expect(hint).toBe('rolecall profiles adopt --undo --dry-run');
    const nothing = await saying(rig, ...hint.split(' ').slice(1));
    expect(nothing.hint).toBe('rolecall profiles adopt --help');
    expect((await rig.runCli(nothing.hint.split(' ').slice(1))).stdout).toContain('--undo');
  });
});

describe('on a broken machine', () => {
  let rig: Rig | undefined;
  afterEach(() => rig?.remove());

  test.each(BROKEN)('$code: "$hint" fixes it, or shows more than the message', async (broken) => {
    rig = await createRig(broken.rig);
    await follow(rig, broken);
  });
});
