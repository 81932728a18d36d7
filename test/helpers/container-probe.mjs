// Runs in a container, and does what the lines of its standard input ask: it prints one line of JSON for each.
import { spawn, execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { exit } from 'node:process';
import { createInterface } from 'node:readline';

const DEADLINE_MS = 20_000;

const actions = {
  /** Starts a program beside this one, and waits until it listens at `port`. */
  async start({ words, port }) {
    spawn(words[0], words.slice(1), { stdio: 'ignore' });
    return waitUntil(async () => (await actions.connect({ port })) === 'connected');
  },
  listening: ({ port }) => waitUntil(async () => (await actions.connect({ port })) === 'connected'),
  run: ({ words }) =>
    new Promise((resolve) => {
      execFile(words[0], words.slice(1), (error, stdout, stderr) => {
        resolve(error === null ? stdout.trim() : `failed: ${stderr}`);
      });
    }),
  runAll: ({ commands }) => Promise.all(commands.map((words) => actions.run({ words }))),
  get: ({ url, headers }) =>
    new Promise((resolve) => {
      const asked = get(url, { headers, timeout: 3000 }, (answer) => {
        let text = '';
        answer.on('data', (data) => (text += data));
        answer.on('end', () => resolve({ status: answer.statusCode, code: JSON.parse(text).code ?? null }));
        answer.on('error', () => resolve('cut off'));
      });
      asked.on('timeout', () => asked.destroy());
      asked.on('error', (error) => resolve(error.code));
    }),
  connect: (target) =>
    new Promise((resolve) => {
      const socket = connect({ host: target.path === undefined ? '127.0.0.1' : undefined, ...target });
      socket.on('connect', () => resolve('connected') ?? socket.destroy());
      socket.on('error', (error) => resolve(error.code));
    }),
  list: async ({ path }) => readdirSync(path),
  environment: async () => process.env,
  end: async ({ code }) => exit(code),
};

async function waitUntil(check) {
  const endsAtMs = Date.now() + DEADLINE_MS;
  while (Date.now() < endsAtMs) {
    if (await check()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

process.stdout.write('"started"\n');
for await (const line of createInterface(process.stdin)) {
  const { action, ...options } = JSON.parse(line);
  const answer = await actions[action](options).catch((error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
}
exit(0);
