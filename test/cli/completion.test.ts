// What the completions of each shell look up, without a terminal.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatCompletion } from '../../src/cli/shell/completion-text.ts';
import type { HookShell } from '../../src/cli/shell/hook-text.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { writePrivate } from '../helpers/rig.ts';

const SHELLS = (['bash', 'zsh', 'fish'] as const).filter((name) =>
  systemPart(name, name === 'bash' ? '/bin/bash' : `/usr/bin/${name}`),
);

let home: TemporaryHome;

beforeAll(() => {
  home = createTemporaryHome();
  writePrivate(join(home.path, '.aws', 'config'), '[sso-session usual]\n');
  for (const name of ['elsewhere', 'a=b', '$NOPE']) {
    writePrivate(join(home.path, name, 'config'), `[sso-session in-${name.replace(/\W/gu, '')}]\n`);
  }
});

afterAll(() => home.remove());

const lookUpSessions = (shell: HookShell, configFile: string | undefined) => lookUp(shell, 'session ""', configFile);

function lookUp(shell: HookShell, what: string, configFile: string | undefined): string[] {
  const script = join(home.path, `completion.${shell}`);
  writeFileSync(script, `${formatCompletion(shell, [], '/nowhere')}\n__rolecall_look_up ${what}\n`);
  const variables =
    configFile === undefined ? {} : { AWS_CONFIG_FILE: configFile, WHERE: join(home.path, 'elsewhere') };
  const complete = { bash: 'complete() { :; }; . ', zsh: 'source ', fish: 'source ' }[shell];
  const output = execFileSync(shell, ['-c', `${complete}${script}`], {
    cwd: home.path,
    env: { ...home.environment, ...variables },
    encoding: 'utf8',
  });
  return output.split('\n').filter((line) => line !== '');
}

it.each(SHELLS)(
  '%s finds the sso-sessions of the file that AWS_CONFIG_FILE names, variables and ~ expanded',
  (shell) => {
    const names = [
      undefined,
      '',
      '$WHERE/config',
      '${WHERE}/config',
      '~/elsewhere/config',
      'a=b/config',
      '$NOPE/config',
    ];
    expect(names.map((name) => lookUpSessions(shell, name))).toEqual([
      ['usual'],
      ['usual'],
      ['in-elsewhere'],
      ['in-elsewhere'],
      ['in-elsewhere'],
      ['in-ab'],
      ['in-NOPE'],
    ]);
  },
);

it.each(SHELLS)('%s finds the hosts of the ssh configuration that begin with the word, and no patterns', (shell) => {
  const config = 'Host build-1 build-2 *.corp !x\n  HostName a\nhost other $(id)\nMatch host build-3\n';
  writePrivate(join(home.path, '.ssh', 'config'), config);
  expect([lookUp(shell, 'host ""', undefined), lookUp(shell, 'host bu', undefined)]).toEqual([
    ['build-1', 'build-2', 'other'],
    ['build-1', 'build-2'],
  ]);
});
