// Runs the examples of docs/testing-with-the-emulator.md as printed, as tests of an outsider: AWS CLI, boto3, JavaScript and Go, with time set forward.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { GO, GO_BUILD, goCommand } from '../helpers/go-build.ts';
import { ROLECALL, type ProcessRun, runProcess } from '../helpers/run-process.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { type TemporaryHome, createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/testing-with-the-emulator.md'), 'utf8');
const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const GO_SDK = '/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/service/ssooidc';
const BUILD_DEADLINE_MS = 300_000;

const tools = [systemPart('AWS CLI v2', AWS), systemPart('curl', '/usr/bin/curl'), systemPart('jq', '/usr/bin/jq')];
const isThere: Readonly<Record<string, boolean>> = {
  sh: tools.every(Boolean),
  python: systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
    if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
  }),
  js: true,
  go:
    systemPart('Go', GO) &&
    systemPartByCheck('the AWS SDK for Go', GO_SDK, () => readFileSync(join(GO_SDK, 'api_client.go'))),
};

/** Each block that is marked with `run`, with the lines of its output. */
const examples = [...page.matchAll(/```(\w+) run\n([\s\S]*?)```/g)].map(
  ({ index, 1: language = '', 2: text = '' }) => ({
    name: `${language}, line ${page.slice(0, index).split('\n').length}`,
    language,
    text,
    shown: [...text.matchAll(/^\s*(?:#|\/\/) → (.*)$/gm)].map(([, line = '']) => line),
  }),
);

interface Printed {
  readonly environment: Readonly<Record<string, string>>;
  readonly controlUrl: string;
  readonly controlToken: string;
}

let home: TemporaryHome;
let environment: Readonly<Record<string, string>>;
let child: ChildProcess;
let line = '';
let printed: Printed;

beforeAll(async () => {
  home = createTemporaryHome();
  const bin = join(home.path, 'own-bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\nexec '${process.execPath}' '${ROLECALL}' "$@"\n`, { mode: 0o755 });
  symlinkSync(AWS, join(bin, 'aws'));
  symlinkSync(PYTHON, join(bin, 'python3'));
  const own = { ...home.environment, PATH: `${bin}:${home.environment['PATH']}` };
  // With TLS, so that all four clients also check its certificate.
  const args = ['emulator', '--json', '--auto-approve', '--tls', '--name', 'idc.test'];
  child = spawn(join(bin, 'rolecall'), args, { env: own, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (line += text));
  printed = JSON.parse(await waitFor('the line of JSON', () => line.endsWith('\n') && line)) as Printed;
  environment = { ...own, ...printed.environment, AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '', NO_COLOR: '1' };
});
afterAll(async () => {
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  await home.remove();
});

beforeEach(async () => {
  const ca = readFileSync(printed.environment['AWS_CA_BUNDLE'] ?? '');
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${printed.controlToken}` };
  const status = await new Promise((resolve, reject) => {
    request(`${printed.controlUrl}/reset`, { method: 'POST', headers, ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(204);
});

/** Runs a block as a reader would, in a folder of its own with `emulator.json`. */
function run(language: string, text: string): Promise<ProcessRun> {
  const folder = mkdtempSync(join(home.path, 'example-'));
  const write = (name: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const options = { environment, cwd: folder, deadlineMs: BUILD_DEADLINE_MS };
  // The first example starts an emulator of its own, without TLS.
  const startsOne = text.includes('rolecall emulator');
  if (!startsOne) writeFileSync(join(folder, 'emulator.json'), line);
  switch (language) {
    case 'sh': {
      const own = startsOne ? { ...home.environment, PATH: environment['PATH'] ?? '' } : environment;
      return runProcess('sh', ['-eu', write('example.sh')], { ...options, environment: own });
    }
    case 'python':
      return runProcess(PYTHON, [write('example.py')], options);
    case 'js': {
      write('example.test.mjs');
      const modules = join(folder, 'node_modules');
      mkdirSync(modules);
      symlinkSync(root, join(modules, 'rolecall'));
      for (const name of ['vitest', '@aws-sdk']) symlinkSync(join(root, 'node_modules', name), join(modules, name));
      return runProcess(
        process.execPath,
        [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder],
        options,
      );
    }
    case 'go': {
      const [program, ...args] = goCommand('run', write('example.go'));
      return runProcess(program, args, { ...options, environment: { ...environment, ...GO_BUILD } });
    }
    default:
      throw new Error(`nothing runs ${language}`);
  }
}

/** Matches one line of output of the page; `…` stands for any text. */
const asPattern = (text: string): unknown =>
  expect.stringMatching(
    new RegExp(
      `^${text
        .split('…')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
        .join('.+')}$`,
    ),
  );

test('has a runnable example for each client, with its output', () => {
  expect([...new Set(examples.map(({ language }) => language))].toSorted()).toEqual(['go', 'js', 'python', 'sh']);
  expect(examples.filter(({ shown }) => shown.length === 0)).toEqual([]);
});

test('its workflow and its service are YAML', () => {
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => parse(text) as object);
  expect(blocks.map((block) => Object.keys(block))).toEqual([['jobs'], ['services']]);
});

describe('docs/testing-with-the-emulator.md', () => {
  for (const { name, language, text, shown } of examples) {
    test.skipIf(isThere[language] !== true)(name, { timeout: BUILD_DEADLINE_MS }, async () => {
      const { exitCode, stdout, stderr } = await run(language, text);
      const lines = stdout.trimEnd().split('\n');
      expect({
        exitCode,
        // Of vitest's report, the line that counts.
        lines: language === 'js' ? lines.map((one) => one.trim()).filter((one) => one.startsWith('Tests')) : lines,
        stderr,
      }).toEqual({ exitCode: 0, lines: shown.map(asPattern), stderr: expect.any(String) });
    });
  }
});
