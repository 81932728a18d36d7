// The witness for the config file: the real botocore and AWS CLI read what we read and list what we wrote.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfigDocument } from '../../src/aws-config/document/document.ts';
import { quoteCommandWord } from '../../src/aws-config/document/command-word.ts';
import { awsFilePath } from '../../src/platform/files/aws-file-path.ts';
import { catalog, namesOf, planFor, sessionSection } from '../aws-config/builders.ts';
import { configText } from '../aws-config/config-text.ts';
import { CONFIG, createRig, writePrivate } from '../helpers/rig.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import type { TemporaryHome } from '../helpers/temporary-home.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

const PYTHON = '/usr/bin/python3';
const AWS = '/usr/bin/aws';

const hasAwsCli = systemPart('the AWS CLI', AWS);
const hasBotocore = systemPartByCheck('botocore', PYTHON, () => {
  execFileSync(PYTHON, ['-c', 'import botocore.configloader'], { stdio: 'ignore' });
});

const LOAD_EACH = `
import json, sys, os, tempfile
from botocore.configloader import load_config
from botocore.exceptions import ConfigParseError
results = []
folder = tempfile.mkdtemp()
for text in json.load(sys.stdin):
    path = os.path.join(folder, 'config')
    with open(path, 'wb') as f:
        f.write(text.encode('utf-8'))
    try:
        loaded = load_config(path)
    except ConfigParseError:
        results.append(None)
        continue
    results.append({'profiles': loaded['profiles'], 'sessions': loaded['sso_sessions'], 'services': loaded['services']})
json.dump(results, sys.stdout)
`;

const SPLIT_EACH = `
import json, shlex, sys
json.dump([shlex.split(line) for line in json.load(sys.stdin)], sys.stdout)
`;

type Values = Record<string, string | Record<string, string>>;
interface Loaded {
  profiles: Record<string, Values>;
  sessions: Record<string, Values>;
  services: Record<string, Values>;
}

let home: TemporaryHome;

beforeEach(() => {
  home = createTemporaryHome();
});

afterEach(async () => {
  await home.remove();
});

function python(script: string, input: unknown): unknown {
  const output = execFileSync(PYTHON, ['-c', script], {
    input: JSON.stringify(input),
    env: home.environment,
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  return JSON.parse(output) as unknown;
}

/** Our reading of `text` in the shape of botocore's, null when we say that botocore refuses the file. */
function asBotocore(text: string): Loaded | null {
  const document = parseConfigDocument(text, 'config');
  if (document.problems.length > 0) return null;
  const defaults = new Map<string, string | Record<string, string>>();
  const toValue = ({ value, nested }: (typeof document.sections)[number]['entries'][number]) =>
    value.startsWith('\n') ? Object.fromEntries(nested.map((inner) => [inner.key, inner.value])) : value;
  for (const section of document.sections.filter(({ header }) => header === 'DEFAULT')) {
    for (const entry of section.entries) defaults.set(entry.key, toValue(entry));
  }
  const loaded: Loaded = { profiles: {}, sessions: {}, services: {} };
  const places = { default: 'profiles', profile: 'profiles', 'sso-session': 'sessions', services: 'services' } as const;
  for (const section of document.sections) {
    if (section.kind === 'other') continue;
    loaded[places[section.kind]][section.name] = {
      ...Object.fromEntries(defaults),
      ...Object.fromEntries(section.entries.map((entry) => [entry.key, toValue(entry)])),
    };
  }
  return loaded;
}

describe.skipIf(!hasBotocore)('the real botocore', () => {
  it('agrees on every header of a table', () => {
    const headers = [
      '[profile x]',
      '[profile "x"]',
      "[profile 'x']",
      '[profile  x]',
      '[profile\tx]',
      '[ profile x]',
      '[profile x ]',
      '[profile x] # note',
      '[profile x]# note',
      '[profile x] ; note [1]',
      '[profile x]]',
      '[[profile x]]',
      '[profile "x y"]',
      '[profile x y]',
      '[profile "x]',
      '[profile x\\ y]',
      '[profile ""]',
      '[profile]',
      '[profilex y]',
      '[PROFILE x]',
      '[default]',
      '[ default]',
      '[default ]',
      '[default] # note',
      '[profile default]',
      '[DEFAULT]',
      '[sso-session s]',
      '[sso-session "s t"]',
      '[sso-sessions s]',
      '[services e]',
      '[x]',
      '[]',
      '[profile x',
      '  [profile x]',
    ];
    const texts = headers.map((header) => `${header}\nregion = r\n`);
    const loaded = python(LOAD_EACH, texts) as (Loaded | null)[];
    expect(texts.map((text) => [text, asBotocore(text)])).toEqual(texts.map((text, index) => [text, loaded[index]]));
    expect(loaded.filter((reading) => reading?.profiles['x'] !== undefined).length).toBeGreaterThan(8);
  });

  it('agrees on 4,000 generated files: which ones it refuses, and every value of the others', () => {
    const texts = fc.sample(configText(7), { numRuns: 4000, seed: Number(process.env['ROLECALL_SEED'] ?? 20261124) });
    const loaded = python(LOAD_EACH, texts) as (Loaded | null)[];
    const disagreements = texts
      .map((text, index) => ({ text, ours: asBotocore(text), theirs: loaded[index] }))
      .filter(({ ours, theirs }) => JSON.stringify(sortKeys(ours)) !== JSON.stringify(sortKeys(theirs)));
    expect(disagreements.slice(0, 3)).toEqual([]);
    // Proves that both answers were seen.
    expect(loaded.filter((reading) => reading === null).length).toBeGreaterThan(500);
    expect(loaded.filter((reading) => Object.keys(reading?.profiles ?? {}).length > 0).length).toBeGreaterThan(500);
  });

  it('splits a quoted command path into the one word that it was', () => {
    const words = ['/plain/x', '/my app/x', "/it's/x", '/a "b" $HOME `c` \\d/x', '/a #b ;c/x', '/é 🚀/x'];
    expect(
      python(
        SPLIT_EACH,
        words.map((word) => `${quoteCommandWord(word)} --session s`),
      ),
    ).toEqual(words.map((word) => [word, '--session', 's']));
  });
});

describe.skipIf(!hasBotocore)('where the real botocore finds the config file', () => {
  it('is where we find it, for every spelling of AWS_CONFIG_FILE', () => {
    const folder = join(home.path, 'elsewhere');
    mkdirSync(folder);
    writeFileSync(join(folder, 'config'), '[profile found]\nregion = x\n');
    const variables = { WHERE: folder, TILDE: '~', NOTHING: '', TWICE: '$WHERE', 'odd-name': folder };
    const spellings =
      '$HOME/elsewhere/config ${HOME}/elsewhere/config ~/elsewhere/config $TILDE/elsewhere/config $WHERE/config ' +
      '${odd-name}/config $WHERE/$NOTHING/config $odd-name/config $TWICE/config ${WHERE/config $NOPE/config ' +
      `~nobody-of-that-name/config ${folder}/./config`;
    const read = `
import json, os, sys
os.environ.update(json.load(sys.stdin)['variables'])
from botocore.session import Session
found = []
for path in ${JSON.stringify(spellings.split(' '))}:
    os.environ['AWS_CONFIG_FILE'] = path
    found.append('found' in Session().available_profiles)
json.dump(found, sys.stdout)
`;
    const ours = spellings.split(' ').map((path) => {
      const environment = { ...home.environment, ...variables, AWS_CONFIG_FILE: path };
      return awsFilePath('config', environment, home.path) === join(folder, 'config');
    });
    expect(python(read, { variables })).toEqual(ours);
    expect(ours.filter(Boolean).length).toBe(8);
  });
});

describe.skipIf(!hasAwsCli)('the real AWS CLI', () => {
  const aws = (...args: string[]) =>
    execFileSync(AWS, args, { env: home.environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const configPath = () => join(home.path, '.aws', 'config');
  const writeConfig = (text: string) => {
    mkdirSync(join(home.path, '.aws'), { recursive: true });
    writeFileSync(configPath(), text);
  };

  it.each(['credential_process', 'sso'] as const)('lists exactly the profiles of the plan, style %s', (style) => {
    const hostile = ['It\'s "quoted" $(id)', 'x]\n[profile evil]', '🚀', '', 'current', '__proto__', 'a'.repeat(50)];
    const plan = planFor(`[profile "by hand"]\nregion = x\n${sessionSection()}${sessionSection('"Corp Ü"')}`, {
      settings: { style, defaultFollowsCurrent: true },
      catalogs: new Map([
        [
          'my-sso-session',
          catalog(
            hostile.map((accountName, index) => ({
              accountName,
              accountId: String(index).padStart(12, '0'),
              permissionSets: ['Admin', 'a+b=c,d@e'],
            })),
          ),
        ],
        ['Corp Ü', catalog([{ accountName: 'corp' }])],
      ]),
    });
    writeConfig(plan.text);
    const listed = aws('configure', 'list-profiles').trim().split('\n').toSorted();
    expect(listed).toEqual(['by hand', 'current', 'default', ...namesOf(plan)].toSorted());
    expect(listed.length).toBe(18);
  });

  it('puts a key of the last hand-written profile outside our block', () => {
    writeConfig(planFor(`${sessionSection()}[profile mine]\noutput = json\n`).text);
    const before = planFor(`${sessionSection()}[profile mine]\noutput = json\nregion = eu-west-1\n`).text;
    aws('configure', 'set', 'region', 'eu-west-1', '--profile', 'mine');
    expect(execFileSync('cat', [configPath()], { encoding: 'utf8' })).toBe(before);
  });

  it('puts a new profile below our block, where it counts as hand-written', () => {
    const plan = planFor(sessionSection());
    writeConfig(plan.text);
    aws('configure', 'set', 'region', 'eu-west-1', '--profile', 'new');
    const text = execFileSync('cat', [configPath()], { encoding: 'utf8' });
    expect(text).toBe(`${plan.text}[profile new]\nregion = eu-west-1\n`);
    expect(planFor(text)).toMatchObject({ text, diff: '' });
  });

  it('reads the further keys of the settings, and a sync refuses one that it has added', () => {
    const extra = new Map<string, string | Readonly<Record<string, string>>>([
      ['output', 'json'],
      ['s3', { addressing_style: 'path' }],
    ]);
    const sketch = { settings: { extraFor: () => extra } };
    const { text } = planFor(sessionSection(), sketch);
    writeConfig(text);
    const get = (key: string) => aws('configure', 'get', key, '--profile', 'taylor.Admin').trim();
    expect([get('output'), get('s3.addressing_style')]).toEqual(['json', 'path']);
    aws('configure', 'set', 'max_attempts', '5', '--profile', 'current');
    const edited = execFileSync('cat', [configPath()], { encoding: 'utf8' });
    const conflict = '"max_attempts" was added to [profile current], and a sync would delete it';
    expect(planFor(edited, sketch).conflict?.message).toContain(conflict);
    extra.set('max_attempts', '5');
    expect(planFor(edited, sketch)).toMatchObject({ text: expect.stringContaining('\nmax_attempts = 5\n') });
    expect(planFor(edited, sketch).conflict).toBeUndefined();

    writeConfig(text);
    aws('configure', 'set', 'retry_mode', 'adaptive', '--profile', 'taylor.Admin');
    const below = execFileSync('cat', [configPath()], { encoding: 'utf8' });
    expect(below).toBe(`${text}retry_mode = adaptive\n`);
    expect(planFor(below, sketch).conflict?.message).toContain(
      '"retry_mode" was added to [profile taylor.Admin], and a sync could move it to another profile',
    );
  });

  it('lists the profiles of a sync under a name with a variable in it', async () => {
    const rig = await createRig({ config: '', environment: { AWS_CONFIG_FILE: '$HOME/elsewhere/config' } });
    try {
      writePrivate(join(rig.home.path, 'elsewhere', 'config'), CONFIG);
      const login = await rig.runCli(['login', '--no-browser']);
      expect(login).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('~/elsewhere/config: ') });
      const names = execFileSync(AWS, ['configure', 'list-profiles'], { env: rig.environment, encoding: 'utf8' });
      expect(names.split('\n')).toContain('taylor.Admin-AF-Permission-Set');
    } finally {
      await rig.remove();
    }
  });
});

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
