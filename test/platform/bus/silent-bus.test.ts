// A bus that accepts a connection and never answers.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { connectToBus } from '../../../src/platform/bus/bus-connection.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

test('a bus that never answers is given up', async () => {
  const home = createTemporaryHome();
  const path = join(home.path, 'bus');
  const server = createServer((socket) => socket.on('error', () => undefined));
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const connected = connectToBus(path);
    const outcome = expect(connected).rejects.toThrow(`The bus at ${path} does not answer.`);
    await accepted;
    vi.advanceTimersByTime(5000);
    await outcome;
  } finally {
    vi.useRealTimers();
    server.close();
    await home.remove();
  }
});
