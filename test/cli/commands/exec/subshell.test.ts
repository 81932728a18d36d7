// How each shell is started, and that a profile name cannot become code in its prompt.
import { expect, test } from 'vitest';
import { planSubshell, promptLabel } from '../../../../src/cli/commands/exec/subshell.ts';

const plan = (shell: string, profileName = 'taylor.Admin', environment: Readonly<Record<string, string>> = {}) =>
  planSubshell({ shell, profileName, directory: '/grants/it is', environment });

test('each shell reads the user’s startup files first, then rolecall’s for the prompt', () => {
  expect(plan('/bin/bash')).toMatchObject({
    command: ['/bin/bash', '--rcfile', '/grants/it is/bashrc'],
    environment: {},
  });
  expect(plan('/usr/bin/zsh')).toMatchObject({ command: ['/usr/bin/zsh'], environment: { ZDOTDIR: '/grants/it is' } });
  expect(plan('/usr/bin/zsh', 'a', { ZDOTDIR: "/it's" }).files['.zshenv']).toContain(`ZDOTDIR='/it'\\''s'`);
  expect(plan('fish')).toMatchObject({
    command: ['fish', '-C', expect.stringContaining("'(taylor.Admin) '")],
    files: {},
  });
  expect(plan('/bin/dash')).toEqual({ command: ['/bin/dash'], environment: { PS1: '(taylor.Admin) $ ' }, files: {} });
});

test('reduces a name to characters that no shell or prompt evaluates', () => {
  expect(promptLabel('taylor.Admin-AF_1@x/y+z:w')).toBe('taylor.Admin-AF_1@x/y+z:w');
  expect(promptLabel('$(id) `id` %n !! \\u \' " \u001b[31m')).toBe('-id-id-n-u-31m');
  for (const shell of ['bash', 'zsh', 'fish', 'dash']) {
    expect(JSON.stringify(plan(shell, '$(touch x)`touch x`'))).not.toMatch(/touch x/);
  }
});
