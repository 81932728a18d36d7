// The callers: a credential_process over and over, and SDKs that fetch from the container port with their own retries.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const CALLERS = {
  boto3: ['/usr/bin/python3', path('caller.py')],
  js: [process.execPath, path('caller.mjs')],
};

/** What callers of one kind have met: milliseconds of each answer, and the reason of each failure. */
export const createTally = () => ({ tookMs: [], failed: [] });

/** Asks until `over`, as an SDK that runs a credential_process does: without a second try. */
export async function askByProcess([program, ...args], environment, tally, over) {
  while (!over.aborted) {
    const startedAtMs = performance.now();
    const { code, errors } = await run(program, args, environment);
    if (code === 0) tally.tookMs.push(performance.now() - startedAtMs);
    else tally.failed.push(`${new Date().toISOString()} exit ${code}: ${errors}`);
    await sleep(200 + Math.random() * 800);
  }
}

function run(program, args, environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, errors }));
  });
}

/** The path of the built program, from Debian's SDK for Go. */
export function buildGoCaller(folder) {
  const program = join(folder, 'go-caller');
  execFileSync('/usr/bin/go', ['build', '-o', program, path('caller.go')], {
    env: {
      HOME: folder,
      PATH: '/usr/bin:/bin',
      GO111MODULE: 'off',
      GOPATH: '/usr/share/gocode',
      GOCACHE: fileURLToPath(new URL('../../../node_modules/.cache/go-build', import.meta.url)),
      CGO_ENABLED: '0',
      GOFLAGS: '-p=2 -gcflags=all=-N',
    },
  });
  return program;
}

/** A program that prints `ok MS` or `failed WHY` for each fetch until its input ends. */
export function startContainerCaller(kind, exec, goCaller, environment, tally) {
  const [program, ...args] = [...exec, ...(CALLERS[kind] ?? [goCaller])];
  const child = spawn(program, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  // The SDK for JavaScript warns of every try that took a second: only the last words are of interest.
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-500)));
  const ended = new Promise((resolve) => child.on('close', resolve));
  let isEnding = false;
  const started = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, ...rest] = line.split(' ');
      if (word === 'ok') tally.tookMs.push(Number(rest[0]));
      else tally.failed.push(`${new Date().toISOString()} ${rest.join(' ')}`);
      resolve();
    });
    void ended.then((code) => {
      reject(new Error(`${kind} ended with ${code}: ${errors}`));
      if (!isEnding) tally.failed.push(`${new Date().toISOString()} the program ended with ${code}: ${errors}`);
    });
  });
  return {
    started,
    end() {
      isEnding = true;
      child.stdin.end();
      return ended;
    },
  };
}
