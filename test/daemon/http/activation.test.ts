// Socket activation: which sockets a process takes over, and what a daemon that can't start answers.
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { answerWithFailure, takePassedSockets } from '../../../src/daemon/http/activation.ts';
import { listen } from '../../../src/daemon/http/listeners.ts';
import { requestOverSocket } from '../../../src/local-api/http-request.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { runProcess } from '../../helpers/run-process.ts';
import { exchange, formatRequest } from '../raw-http.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

test.each([
  ['another process', { LISTEN_PID: '1', LISTEN_FDS: '1' }],
  ['two sockets', { LISTEN_PID: String(process.pid), LISTEN_FDS: '2' }],
  ['no number', { LISTEN_PID: String(process.pid) }],
  ['nobody', {}],
])('variables that are meant for %s are no socket of ours, and go no further', (_, variables) => {
  const environment: NodeJS.ProcessEnv = { HOME: home.path, LISTEN_FDNAMES: 'rolecall.socket', ...variables };
  expect(takePassedSockets(environment, process.pid)).toEqual({ activatedFd: undefined, keptPortFd: undefined });
  expect(environment).toEqual({ HOME: home.path });
});

test('ignores a passed descriptor that is not a socket', async () => {
  const script = `
    const { takePassedSockets } = await import('${new URL('../../../dist/daemon/http/activation.js', import.meta.url).href}');
    console.log(takePassedSockets({ LISTEN_PID: String(process.pid), LISTEN_FDS: '1' }, process.pid).activatedFd ?? 'none');`;
  const command = `exec "$0" --input-type=module -e "$1" 3</dev/null`;
  const run = await runProcess('/bin/bash', ['-c', command, process.execPath, script], { environment: {} });
  expect(run).toEqual({ exitCode: 0, stdout: 'none\n', stderr: '' });
});

test("a service that can't start tells its callers why, in the format that they accept", async () => {
  const socketPath = join(home.path, 'x.sock');
  const error = new UsageError('settings-invalid', 'Line 3 \u001b[31mis wrong.', { hint: 'vi +3 \u202econfig.toml' });
  const clock = createFakeClock();
  const answering = answerWithFailure((server) => listen(server, { path: socketPath }), error, 4000, clock);
  const ask = () => requestOverSocket({ socketPath, method: 'GET', path: '/v1/status' });
  const answer = await waitFor('the answer', ask);
  expect({ ...answer, text: JSON.parse(answer.text) as object }).toEqual({
    status: 400,
    text: { code: 'settings-invalid', message: 'Line 3 \u001b[31mis wrong.', hint: 'vi +3 \u202econfig.toml' },
  });
  const headers = [
    ['Host', 'localhost'],
    ['Accept', 'text/plain'],
  ] as const;
  const { body } = await exchange(
    { path: socketPath },
    formatRequest({ target: '/v1/credentials', version: '1.0', headers }),
  );
  expect(body).toBe('Line 3 \ufffd[31mis wrong. [settings-invalid]\nRun: vi +3 \ufffdconfig.toml\n');
  await clock.advance(4000);
  await answering;
  expect(await ask()).toBeUndefined();
});

test("fails at once if the socket can't be opened", async () => {
  const socketPath = join(home.path, 'x.sock');
  const other = createServer();
  await listen(other, { path: socketPath });
  const error = new UsageError('settings-invalid', 'Line 3 is wrong.');
  const listenThere = (server: Server) => listen(server, { path: socketPath });
  await expect(answerWithFailure(listenThere, error, 60_000, createFakeClock())).rejects.toThrow('EADDRINUSE');
  other.close();
});
