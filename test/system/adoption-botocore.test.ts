// The witness for moving in: the real botocore reads an adopted file as before, but for where credentials come from.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { planAdoption } from '../../src/aws-config/adoption/adoption-plan.ts';
import { parseConfigDocument } from '../../src/aws-config/document/document.ts';
import { ADOPTION_SOURCES } from '../../src/aws-config/adoption/foreign-command.ts';
import { ADOPTION_CONFIGS } from '../aws-config/adoption-configs.ts';
import { systemPartByCheck } from '../helpers/system.ts';

const PYTHON = '/usr/bin/python3';
const hasBotocore = systemPartByCheck('botocore', PYTHON, () => {
  execFileSync(PYTHON, ['-c', 'import botocore.configloader'], { stdio: 'ignore' });
});

const LOAD_EACH = `
import json, sys, os, tempfile
from botocore.configloader import load_config
folder = tempfile.mkdtemp()
path = os.path.join(folder, 'config')
results = []
for text in json.load(sys.stdin):
    with open(path, 'wb') as f:
        f.write(text.encode('utf-8'))
    results.append(load_config(path))
os.remove(path)
os.rmdir(folder)
json.dump(results, sys.stdout)
`;

interface Loaded {
  readonly profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly sso_sessions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly services: object;
}

const PROGRAM = '/home/taylor/.local/share/rolecall/bin/rolecall-credential-process';
const isSource = (key: string) => key === 'credential_process' || key.startsWith('sso_');

test.skipIf(!hasBotocore)('every adopted file, in botocore’s own reading', () => {
  const plans = ADOPTION_CONFIGS.map(({ text, awsSso = [] }) =>
    planAdoption({
      document: parseConfigDocument(text, 'config'),
      sources: new Set(ADOPTION_SOURCES),
      awsSsoSessions: awsSso,
      credentialProcessPath: PROGRAM,
    }),
  );
  const texts = [...ADOPTION_CONFIGS.map(({ text }) => text), ...plans.map(({ text }) => text)];
  const output = execFileSync(PYTHON, ['-c', LOAD_EACH], {
    input: JSON.stringify(texts),
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  const loaded = JSON.parse(output) as Loaded[];
  let adopted = 0;
  for (const [index, plan] of plans.entries()) {
    const [before, after] = [loaded[index], loaded[index + plans.length]];
    if (before === undefined || after === undefined) throw new Error('botocore read fewer files than it was given');
    expect(Object.keys(after.profiles)).toEqual(Object.keys(before.profiles));
    expect(after.services).toEqual(before.services);
    expect(Object.keys(after.sso_sessions)).toEqual([
      ...Object.keys(before.sso_sessions),
      ...plan.newSessions.map(({ sessionName }) => sessionName),
    ]);
    const roles = new Map(plan.adopted.map((role) => [role.profileName, role]));
    for (const [name, values] of Object.entries(before.profiles)) {
      const role = roles.get(name);
      const now = after.profiles[name] ?? {};
      if (role === undefined) {
        expect(now).toEqual(values);
        continue;
      }
      adopted += 1;
      const others = Object.entries(values).filter(([key]) => !isSource(key));
      expect(now).toEqual({
        ...Object.fromEntries(others),
        credential_process: expect.stringMatching(
          new RegExp(`^${PROGRAM} --session \\S+ --account ${role.accountId} --role ${role.permissionSet}$`),
        ) as string,
      });
    }
  }
  expect(adopted).toBeGreaterThan(3000);
});
