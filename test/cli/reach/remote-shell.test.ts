// The role in a shell of the far host, after startup files that set other credentials: for a command, from a pipe, and at a terminal.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { remoteFiles, scriptNames } from '../../../src/cli/reach/remote-shell.ts';
import { writePrivate } from '../../helpers/rig.ts';
import { systemPart } from '../../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { openTerminal, TMUX } from '../../helpers/terminal.ts';

const SHELLS = ['/bin/bash', '/bin/dash', '/usr/bin/zsh', '/usr/bin/fish', '/usr/bin/tcsh'].filter((path) =>
  systemPart(path, path),
);
const hasTmux = systemPart('tmux', TMUX);
const ROLE = { profileName: 'dev.Admin', scriptName: 'dev.Admin', region: 'eu-west-1' };
const POSIX_FILES = ['.bashrc', '.bash_profile', '.profile', '.zshenv', '.zprofile', '.zshrc', '.zlogin'];
const OTHERS = { AWS_PROFILE: 'evil', AWS_ACCESS_KEY_ID: 'AKIAEVIL', AWS_REGION: 'evil', HTTP_PROXY: 'http://proxy' };

let home: TemporaryHome;
let directory: string;

beforeEach(() => {
  home = createTemporaryHome();
  directory = join(home.path, 'far');
  mkdirSync(directory);
  const lines = (format: (name: string, value: string) => string) =>
    Object.entries(OTHERS)
      .map(([name, value]) => `${format(name, value)}\n`)
      .join('');
  for (const name of POSIX_FILES) {
    writePrivate(join(home.path, name), `${lines((variable, value) => `export ${variable}=${value}`)}READ=${name}\n`);
  }
  writePrivate(
    join(home.path, '.config', 'fish', 'config.fish'),
    lines((name, value) => `set -gx ${name} ${value}`),
  );
  writePrivate(
    join(home.path, '.cshrc'),
    lines((name, value) => `setenv ${name} ${value}`),
  );
});

afterEach(() => home.remove());

/** Writes the files, and returns the environment of the login shell that runs them. */
function prepare(shell: string, command: string | undefined, roles = [ROLE]): Record<string, string> {
  const [first = ROLE, ...others] = roles.map((role, index) => ({
    ...role,
    url: `http://127.0.0.1:${index + 1}/role`,
    tokenFile: `${directory}/token.${index + 1}`,
  })) as never[];
  const place = { directory, shell, files: {}, areFilesUnread: false };
  for (const { name, text } of remoteFiles(place, [first as never, ...others], command)) {
    writePrivate(join(directory, name), text);
  }
  return { ...home.environment, ...OTHERS, TERM: 'xterm', SHELL: shell };
}

const SHOW = 'env | grep -E "^(AWS_|HTTP_PROXY|NO_PROXY|HOME=|ZDOTDIR|ENV=|ROLECALL)" | sort';

const expected = () =>
  [
    `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=${directory}/token.1`,
    'AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/role',
    'AWS_DEFAULT_REGION=eu-west-1',
    'AWS_EC2_METADATA_DISABLED=true',
    'AWS_REGION=eu-west-1',
    `HOME=${home.path}`,
    'HTTP_PROXY=http://proxy',
    'NO_PROXY=127.0.0.1',
  ].join('\n');

describe.each(SHELLS)('%s', (shell) => {
  it('runs a command with the role and nothing else, and passes its exit code on', () => {
    const env = prepare(shell, `${SHOW}; exit 5`);
    const { status, stdout } = spawnSync('/bin/sh', [join(directory, 'run')], { env, encoding: 'utf8' });
    expect({ status, stdout: stdout.trim() }).toEqual({ status: 5, stdout: expected() });
  });

  it('reads its commands from a pipe', () => {
    const options = { env: prepare(shell, undefined), encoding: 'utf8', input: `${SHOW}\nexit 5\n` } as const;
    const { status, stdout } = spawnSync('/bin/sh', [join(directory, 'run')], options);
    expect({ status, stdout: stdout.trim() }).toEqual({ status: 5, stdout: expected() });
  });

  it.skipIf(!hasTmux)('is a login shell at a terminal', async () => {
    const environment = prepare(shell, undefined);
    const command = ['/bin/sh', join(directory, 'run')];
    const terminal = openTerminal({ directory: home.path, environment, command });
    try {
      terminal.type(`${SHOW} >shown; echo rea""dy`);
      await terminal.see(/\bready\b/u);
      expect(readFileSync(join(home.path, 'shown'), 'utf8').trim()).toBe(expected());
    } finally {
      terminal.close();
    }
  });
});

test('with several roles there is a script for each, and the first is the session’s own', () => {
  const roles = [ROLE, { ...ROLE, profileName: 'prod', scriptName: 'prod', region: 'us-east-2' }];
  const env = prepare('/bin/sh', 'sh "$ROLECALL_ROLES/prod" env', roles);
  const { stdout } = spawnSync('/bin/sh', [join(directory, 'run')], { env, encoding: 'utf8' });
  expect(stdout.split('\n').filter((line) => /FULL_URI|TOKEN_FILE|AWS_REGION|ROLES|AWS_PROFILE/u.test(line))).toEqual(
    expect.arrayContaining([
      `ROLECALL_ROLES=${directory}/roles`,
      'AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:2/role',
      `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=${directory}/token.2`,
      'AWS_REGION=us-east-2',
    ]),
  );
});

test('names of scripts are safe in a path and different from each other', () => {
  expect(scriptNames(['a/b', 'a b', '../x', '$(id)', '', 'ok.Admin@1'])).toEqual([
    'a-b',
    'a-b-2',
    'x',
    'id-',
    'role',
    'ok.Admin@1',
  ]);
});
