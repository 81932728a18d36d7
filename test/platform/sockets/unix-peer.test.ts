// Which socket is at the other end of a connection over a unix socket, in the output of ss.
import { expect, test } from 'vitest';
import { createUnixPeerLookup, findPeerInode } from '../../../src/platform/sockets/unix-peer.ts';

const OUTPUT = `u_str ESTAB 73     0        /run/user/1000/rolecall/daemon.sock 4711 * 4712
u_str ESTAB 0      0                                               * 1187 * 1188
u_str ESTAB 0      0                        @/tmp/.X11-unix/X77 237022 * 4713\x20
u_str ESTAB 0      768                                             * 4712 * 4711
u_str ESTAB 0      0                        /run/user/1000/rolecall/daemon.sock 4714 * 4715
`;

test('finds the peer of a connection', () => {
  expect(findPeerInode(OUTPUT, '4711')).toBe('4712');
  expect(findPeerInode(OUTPUT, '4712')).toBe('4711');
});

test.each([
  ['a connection that is not listed', OUTPUT, '99'],
  ['a peer that is not listed', OUTPUT, '4714'],
  ['a peer with another peer', `${OUTPUT}u_str ESTAB 0 0 * 4715 * 1\n`, '4714'],
  ['an output of another form', 'ss: unrecognized option', '4711'],
])('finds none: %s', (_what, output, inode) => {
  expect(findPeerInode(output, inode)).toBeUndefined();
});

test('trusts no inode that a socket with line breaks in its name lists once more', () => {
  const forged = `u_str ESTAB 0 0 /tmp/x\nu_str ESTAB 0 0 /run/user/1000/rolecall/daemon.sock 4711 * 9999\nu_str ESTAB 0 0 * 9999 * 4711\n 600 * 601\n`;
  expect(findPeerInode(OUTPUT + forged, '4711')).toBeUndefined();
  expect(findPeerInode(forged + OUTPUT, '4711')).toBeUndefined();
});

test('runs ss once for all that ask at the same time', async () => {
  const runs: string[] = [];
  const findPeer = createUnixPeerLookup('/usr/bin/ss', async (path, args) => {
    runs.push([path, ...args].join(' '));
    return OUTPUT;
  });
  expect(await Promise.all(Array.from({ length: 20 }, () => findPeer('4711')))).toEqual(
    Array.from({ length: 20 }, () => '4712'),
  );
  // The first run may have begun before the others asked.
  expect(runs).toEqual(['/usr/bin/ss -x -n -H state connected', '/usr/bin/ss -x -n -H state connected']);
});
