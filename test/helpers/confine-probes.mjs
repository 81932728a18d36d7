// Tries to reach what a confined program must not reach, and prints for each whether it could: { name: boolean }.
import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createConnection } from 'node:net';

const probes = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const TRIES = {
  read: (path) => readFileSync(path).length > 0,
  list: (path) => readdirSync(path).length > 0,
  append(path) {
    appendFileSync(path, 'x');
    // A file of the same name in an empty home is not the one outside.
    return readFileSync(path, 'utf8').includes('original');
  },
  // Without writing: this is a setting of the machine that runs the tests.
  writable: (path) => {
    closeSync(openSync(path, 'r+'));
    return true;
  },
  variable: (name) => (process.env[name] ?? '') !== '',
  connect: (path) =>
    new Promise((resolve) => {
      const socket = createConnection(path);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    }),
  port: (port) =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    }),
  signal: (processId) => process.kill(processId, 0),
  environmentOf: (processId) => readFileSync(`/proc/${processId}/environ`, 'utf8').includes('probe'),
  rootOf: (processId) => readdirSync(`/proc/${processId}/root/`).length > 0,
  anyEnvironment: (text) =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .some((name) => attempt(() => readFileSync(`/proc/${name}/environ`, 'utf8').includes(text))),
  descriptor: (number) => fstatSync(number).isFile() && readFileSync(`/proc/self/fd/${number}`).length > 0,
  key: (name) => execFileSync('/usr/bin/keyctl', ['search', '@s', 'user', name], { stdio: 'pipe' }).length > 0,
  sharedMemory: (id) =>
    execFileSync('/usr/bin/ipcs', ['-m', '-i', String(id)], { stdio: 'pipe' }).includes(`shmid=${id}`),
  namespace: ([kind, link]) => readlinkSync(`/proc/self/ns/${kind}`) === link,
};

function attempt(run) {
  try {
    return run();
  } catch {
    return false;
  }
}

const reached = {};
for (const [name, [kind, target]] of Object.entries(probes)) {
  let isReached = attempt(() => TRIES[kind](target));
  if (isReached instanceof Promise) isReached = await isReached;
  reached[name] = isReached === true;
}
process.stdout.write(`${JSON.stringify(reached)}\n`);
