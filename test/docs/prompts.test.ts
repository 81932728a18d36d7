// Runs the prompt segments of docs/switching.md, as printed, in the shells that starship and powerlevel10k run them in.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/switching.md', import.meta.url)), 'utf8');
const blockAfter = (heading: string) => page.split(heading)[1]?.split(/```\w*\n/)[1] ?? '';

let home: TemporaryHome;
let promptFile: string;
beforeAll(() => {
  home = createTemporaryHome();
  promptFile = join(home.path, '.local/state/rolecall/switch/prompt');
  mkdirSync(dirname(promptFile), { recursive: true });
});
afterAll(() => home.remove());

const run = (shell: string, script: string) =>
  spawnSync(shell, ['-c', script], { env: { HOME: home.path, PATH: '/usr/bin:/bin' }, encoding: 'utf8' });

describe('the starship module', () => {
  const { custom } = parse(blockAfter('**starship**')) as { custom: { rolecall: Record<string, string | string[]> } };
  const { command, when, shell } = custom.rolecall;

  test('shows the line of the daemon, and nothing without a current role', () => {
    expect(shell).toEqual(['sh']);
    writeFileSync(promptFile, 'Log-Archive.ReadOnly ok\n');
    expect(run('/bin/sh', String(when)).status).toBe(0);
    expect(run('/bin/sh', String(command)).stdout).toBe('Log-Archive.ReadOnly ok\n');
    writeFileSync(promptFile, '- signed-out\n');
    expect(run('/bin/sh', String(when)).status).toBe(0);
    writeFileSync(promptFile, '- ok\n');
    expect(run('/bin/sh', String(when)).status).not.toBe(0);
  });
});

const ZSH = '/usr/bin/zsh';
describe.skipIf(!systemPart('zsh', ZSH))('the powerlevel10k segment', () => {
  // Stands for the theme's own function.
  const show = () =>
    run(ZSH, `function p10k() { print -r -- "$@" }\n${blockAfter('**powerlevel10k**')}\nprompt_rolecall`);

  test('shows the line of the daemon, and nothing without a current role or a daemon', () => {
    writeFileSync(promptFile, 'Log-Archive.ReadOnly ends-soon\n');
    expect(show()).toMatchObject({
      status: 0,
      stdout: 'segment -f 208 -t Log-Archive.ReadOnly ends-soon\n',
      stderr: '',
    });
    writeFileSync(promptFile, '- ok\n');
    expect(show()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    writeFileSync(promptFile, '');
    expect(show()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('expands nothing of a name', () => {
    writeFileSync(promptFile, '%F{red}$(touch owned)`touch owned` ok\n');
    expect(show().stdout).toBe('segment -f 208 -t %%F{red}$(touch owned)`touch owned` ok\n');
  });
});
