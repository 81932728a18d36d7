// The far host of the ssh tests: a real sshd, other users, and a connection that can be cut, frozen and thawed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { runProcess } from './run-process.ts';
import { FAR_ASH, FAR_UID, hasSshd, startFarHost } from './sshd.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { waitFor } from './wait-for.ts';

test.skipIf(!hasSshd)(
  'lets its users in over a connection that can be frozen and cut, and leaves nothing',
  async () => {
    const far = await startFarHost({ shells: { ash: FAR_ASH } });
    const proxy = await startTcpProxy(far.port);
    try {
      const ssh = ['-F', far.writeSshConfig({ port: proxy.port })];
      const run = (...words: readonly string[]) => runProcess('/usr/bin/ssh', [...ssh, ...words], { environment: {} });
      expect(await run('far', 'id -u; echo $HOME $0')).toMatchObject({
        exitCode: 0,
        stdout: `${FAR_UID}\n/home/morgan dash\n`,
      });
      expect(await run('ash', 'id -u; echo $0')).toMatchObject({ stdout: `${FAR_UID}\nash\n` });
      expect(await far.run(['id', '-u'])).toMatchObject({ stdout: '65534\n' });
      expect((await far.run(['ls', '/home/morgan'])).exitCode).not.toBe(0);

      const asking = run('-o', 'LogLevel=QUIET', 'far', 'touch started; exec sleep 1000');
      // The shell first makes the file, and only then becomes the program.
      const commands = () =>
        far.processes().filter(({ uid, arguments: seen }) => uid === FAR_UID && seen === 'sleep 1000');
      await waitFor('the command', () => existsSync(`${far.home}/started`) && commands().length === 1);
      await waitFor('the end of the connections before it', () => proxy.connections() === 1);
      proxy.freeze();
      const later = run('far', 'echo late');
      expect(await Promise.race([later.then(() => 'answered'), proxyIsAsked(proxy)])).toBe('asked');
      proxy.thaw();
      expect(await later).toMatchObject({ exitCode: 0, stdout: 'late\n' });
      proxy.cut();
      expect(await asking).toMatchObject({ exitCode: 255 });
    } finally {
      await proxy.close();
      await far.stop();
    }
    expect(existsSync(dirname(dirname(far.home)))).toBe(false);
    expect(readFileSync('/etc/passwd', 'utf8')).not.toContain('morgan');
  },
);

async function proxyIsAsked(proxy: { connections(): number }): Promise<'asked'> {
  await waitFor('the second connection', () => proxy.connections() === 2);
  return 'asked';
}
