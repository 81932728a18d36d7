// What becomes of an answer that fzf gave before it had searched for the last letters.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pickWithFzf } from '../../../src/cli/picker/fzf.ts';
import { createRoleColumns } from '../../../src/cli/picker/role-columns.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { role } from './roles.ts';

const ROLES = ['Billing', 'Oncall'].map((set) => role('Customer Support', set));

test('asks again when fzf returns the row from before it searched', async () => {
  const home = createTemporaryHome();
  onTestFinished(() => home.remove());
  const fzf = join(home.path, 'fzf');
  // The first answer is the first row of the whole list, for a query that finds another one.
  writeFileSync(
    fzf,
    `#!/bin/sh
echo "$@" >>"$HOME/asked"
number=0
[ "$(wc -l <"$HOME/asked")" -eq 1 ] || number=1
printf 'oncall\\n' && tr '\\000' '\\n' | grep "^$number	"
`,
  );
  chmodSync(fzf, 0o755);
  const deps = {
    roles: ROLES,
    columns: createRoleColumns(ROLES),
    mark: '!',
    paint: (_style: unknown, text: string) => text,
    purpose: 'use',
    stderr: { columns: 200, write: () => true },
    environment: { ...home.environment, PATH: '/usr/bin:/bin' },
    signal: new AbortController().signal,
  };
  expect(await pickWithFzf(fzf, '', [0, 1], deps)).toEqual({ position: 1, query: 'oncall' });
});
