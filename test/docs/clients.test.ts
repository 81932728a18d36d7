// Runs the examples of docs/clients.md exactly as printed, with real clients, a daemon and the emulator, and compares the output with the page.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GO } from '../helpers/go-build.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { runProcess } from '../helpers/run-process.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { asPattern, BUILD_DEADLINE_MS, findExamples, readerEnvironment, runExample } from './examples.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/clients.md'), 'utf8');
const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const GO_SDK = '/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/service/sts';
const UNSHARE = '/usr/bin/unshare';

const hasPython = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});
const tools = [systemPart('AWS CLI v2', AWS), systemPart('curl', '/usr/bin/curl'), systemPart('jq', '/usr/bin/jq')];
const isThere: Readonly<Record<string, boolean>> = {
  sh: hasPython && tools.every(Boolean),
  python: hasPython,
  js: true,
  go:
    systemPart('Go', GO) &&
    systemPartByCheck('the AWS SDK for Go', GO_SDK, () => readFileSync(join(GO_SDK, 'api_client.go'))),
};
const hasMounts =
  isThere['sh'] === true &&
  systemPartByCheck('own mounts', 'unshare -m', () => {
    if (process.getuid?.() !== 0) throw new Error('only root can mount');
    execFileSync(UNSHARE, ['-m', 'true']);
  });

const examples = findExamples(page);

let rig: Rig;
let environment: Record<string, string>;
beforeAll(async () => {
  rig = await createRig();
  environment = readerEnvironment(rig);
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
});
afterAll(() => rig.remove());

const run = (language: string, text: string) =>
  runExample({ language, text }, { environment, directory: rig.home.path });

test('has a runnable example for each client, with its output', () => {
  expect([...new Set(examples.map(({ language }) => language))].toSorted()).toEqual(['go', 'js', 'python', 'sh']);
  expect(examples.length).toBeGreaterThan(9);
  expect(examples.filter(({ shown }) => shown.length === 0)).toEqual([]);
});

describe('docs/clients.md', () => {
  for (const { name, language, text, shown } of examples) {
    test.skipIf(isThere[language] !== true)(name, { timeout: BUILD_DEADLINE_MS }, async () => {
      const { exitCode, stdout, stderr } = await run(language, text);
      expect({ exitCode, lines: stdout.trimEnd().split('\n'), stderr }).toEqual({
        exitCode: 0,
        lines: shown.map(asPattern),
        stderr: expect.any(String),
      });
    });
  }

  test.skipIf(!hasMounts)(
    'the AWS CLI works with the mounts of a dev container and nothing else of the home',
    async () => {
      const inside = mkdtempSync(join(rig.home.path, '..', 'rolecall-inside-'));
      const script = `
mkdir "$0/run" "$0/bin" "$0/.aws" && mount --bind "$1" "$0/run"
mount --bind -o ro "$2" "$0/.aws" && mount --bind -o ro "$3" "$0/bin"
mount -t tmpfs none "$4" && mkdir -p "$3" && mount --bind "$0/bin" "$3"
ls -A "$4"
touch "$0/.aws/config" 2>/dev/null && echo writable
exec env -i PATH=/usr/bin:/bin HOME="$0" ROLECALL_SOCKET="$0/run/daemon.sock" AWS_ENDPOINT_URL_STS="$5" \\
  ${AWS} sts get-caller-identity --query Account --output text --profile taylor.Admin-AF-Permission-Set`;
      const args = [
        inside,
        dirname(rig.paths.socketPath),
        dirname(rig.configPath),
        dirname(rig.paths.credentialProcessPath),
        rig.home.path,
        environment['AWS_ENDPOINT_URL_STS'] ?? '',
      ];
      try {
        expect(await runProcess(UNSHARE, ['-m', 'sh', '-c', script, ...args], { environment })).toEqual({
          exitCode: 0,
          stdout: '.local\n111111111111\n',
          stderr: '',
        });
      } finally {
        execFileSync('rm', ['-r', inside]);
      }
    },
  );
});
