// The command lines of bubblewrap, pasta and sandbox-exec.
import { expect, test } from 'vitest';
import { riskySockets } from '../../../src/cli/confine/abstract-sockets.ts';
import { bubblewrapArguments } from '../../../src/cli/confine/bubblewrap-arguments.ts';
import { explainFailure, explainNetworkFailure } from '../../../src/cli/confine/explain-failure.ts';
import { pastaArguments, resolverText, unshareArguments } from '../../../src/cli/confine/own-network.ts';
import { planDescriptors } from '../../../src/cli/confine/plan-descriptors.ts';
import { sandboxProfile } from '../../../src/cli/confine/sandbox-profile.ts';

const SHARED = [
  { path: '/home/taylor/.nvm', isWritable: false, descriptor: 7 },
  { path: '/home/taylor/src/it', isWritable: true, descriptor: 8 },
];

test('bubblewrap covers the system first, then empties, then shares', () => {
  const words = bubblewrapArguments({
    bubblewrap: '/usr/bin/bwrap',
    system: {
      folders: [{ path: '/usr' }, { path: '/bin', symlink: 'usr/bin' }, { path: '/etc' }],
      secretFiles: ['/etc/shadow'],
      secretFolders: ['/etc/ssl/private'],
      readOnlyKernelPaths: ['/proc/sys'],
      secretKernelFiles: ['/proc/kcore'],
      resolver: '/run/systemd/resolve/stub-resolv.conf',
    },
    homeDirectory: '/home/taylor',
    workingDirectory: '/home/taylor/src/it',
    shared: SHARED,
    ownFiles: { source: '/home/taylor/.local/state/rolecall/grants/1', target: '/run/rolecall' },
    resolver: { source: '/run/systemd/resolve/stub-resolv.conf', target: '/run/systemd/resolve/stub-resolv.conf' },
    statusDescriptor: 4,
    filterDescriptor: 5,
    insideOnly: { LD_LIBRARY_PATH: '/opt/lib' },
    command: ['npm', 'test'],
  });
  expect(words.join(' ').replaceAll(' --', '\n--')).toBe(`/usr/bin/bwrap
--perms 0755
--tmpfs /run
--ro-bind /usr /usr
--symlink usr/bin /bin
--ro-bind /etc /etc
--perms 0000
--tmpfs /etc/ssl/private
--ro-bind /dev/null /etc/shadow
--proc /proc
--dev /dev
--ro-bind /proc/sys /proc/sys
--ro-bind /dev/null /proc/kcore
--perms 1777
--tmpfs /tmp
--perms 1777
--tmpfs /var/tmp
--symlink ../run /var/run
--perms 0700
--tmpfs /home/taylor
--ro-bind-fd 7 /home/taylor/.nvm
--bind-fd 8 /home/taylor/src/it
--ro-bind /home/taylor/.local/state/rolecall/grants/1 /run/rolecall
--ro-bind /run/systemd/resolve/stub-resolv.conf /run/systemd/resolve/stub-resolv.conf
--remount-ro /
--unshare-user
--unshare-pid
--unshare-ipc
--unshare-uts
--unshare-cgroup-try
--cap-drop ALL
--new-session
--die-with-parent
--seccomp 5
--setenv LD_LIBRARY_PATH /opt/lib
--json-status-fd 4
--chdir /home/taylor/src/it
-- /bin/sh -c exec "$@" sh npm test`);
});

test('pasta lets out one port of this machine, and does not take the gateway for it', () => {
  expect(pastaArguments('/usr/bin/pasta', { containerPort: 4711, userId: 1000 }).join(' ')).toBe(
    '/usr/bin/pasta --quiet --config-net --no-map-gw --dns-forward 169.254.53.53 --tcp-ports=none --udp-ports=none --udp-ns=none --tcp-ns=4711',
  );
  expect(pastaArguments('/usr/bin/pasta', { containerPort: 4711, userId: 0 }).slice(-2)).toEqual(['--runas', '0']);
  expect(unshareArguments('/usr/bin/unshare')).toEqual(['/usr/bin/unshare', '--map-current-user', '--net', '--']);
  expect(resolverText('nameserver 127.0.0.53\noptions edns0\nsearch corp.example\n')).toBe(
    'nameserver 169.254.53.53\noptions edns0\nsearch corp.example\n',
  );
});

test('the profile for macOS allows by name, and quotes what it is given', () => {
  const profile = sandboxProfile({
    ownFolder: '/Users/taylor/Library/Application Support/rolecall/grants/1',
    shared: [
      { path: '/Users/taylor/.nvm', isWritable: false, descriptor: 7 },
      { path: String.raw`/Users/taylor/a"b\c`, isWritable: true, descriptor: 8 },
    ],
  });
  expect(profile).toBe(`(version 1)
(deny default)
(allow process-fork process-exec)
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata)
(allow file-read* (literal "/") (subpath "/usr") (subpath "/bin") (subpath "/sbin") (subpath "/opt") (subpath "/System") (subpath "/Library") (subpath "/Applications") (subpath "/private/etc") (subpath "/private/var/db/timezone") (subpath "/private/var/select") (subpath "/nix/store") (subpath "/Users/taylor/.nvm") (subpath "/Users/taylor/a\\"b\\\\c") (subpath "/Users/taylor/Library/Application Support/rolecall/grants/1"))
(deny file-read* (subpath "/Library/Keychains"))
(allow file-write* (subpath "/Users/taylor/a\\"b\\\\c") (subpath "/Users/taylor/Library/Application Support/rolecall/grants/1"))
(allow file-read* file-write-data (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") (literal "/dev/urandom") (literal "/dev/dtracehelper"))
(allow file-ioctl (regex #"^/dev/ttys[0-9]+$"))
(allow system-socket)
(allow network-outbound (remote ip "*:*") (literal "/private/var/run/mDNSResponder"))
(allow network-inbound (local ip "*:*"))
(allow network-bind (local ip "*:*"))
(allow mach-lookup (global-name "com.apple.system.logger") (global-name "com.apple.system.notification_center") (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.system.opendirectoryd.membership") (global-name "com.apple.SystemConfiguration.configd") (global-name "com.apple.SystemConfiguration.DNSConfiguration") (global-name "com.apple.trustd.agent"))
(allow ipc-posix-shm-read* (ipc-posix-name "apple.shm.notification_center"))
`);
});

test('abstract sockets of the desktop and of buses are risky while somebody listens', () => {
  const line = (flags: string, name: string) => `0000000000000000: 00000002 00000000 ${flags} 0001 01 1234 ${name}`;
  expect(
    riskySockets(
      [
        'Num       RefCount Protocol Flags    Type St Inode Path',
        line('00010000', '@/tmp/.X11-unix/X0'),
        line('00000000', '@/tmp/.X11-unix/X1'),
        line('00010000', '/tmp/.X11-unix/X0'),
        line('00010000', '@/tmp/.ICE-unix/1'),
        line('00010000', '@/tmp/dbus-AbC123'),
        line('00010000', '@/home/taylor/.cache/ibus/dbus-x1'),
        line('00010000', '@/containerd-shim/x.sock@'),
        line('00010000', '@something-else'),
        line('00010000', ''),
      ].join('\n'),
    ),
  ).toEqual([
    '@/tmp/.X11-unix/X0',
    '@/tmp/.ICE-unix/1',
    '@/tmp/dbus-AbC123',
    '@/home/taylor/.cache/ibus/dbus-x1',
    '@/containerd-shim/x.sock@',
  ]);
});

test('descriptors that the command names keep their numbers, and the others go around them', () => {
  const plan = planDescriptors(
    ['diff', '/dev/fd/3', '--to=/dev/fd/63', '/dev/fd/9'],
    SHARED,
    { hasOwnNetwork: true },
    (n) => [3, 63].includes(n),
  );
  expect(plan).toEqual({
    errors: 4,
    go: 5,
    status: 6,
    filter: 7,
    named: [3, 63],
    shared: [
      { ...SHARED[0], descriptor: 8 },
      { ...SHARED[1], descriptor: 9 },
    ],
    passed: new Map([
      [3, 3],
      [63, 63],
      [8, 7],
      [9, 8],
    ]),
  });
});

test.each([
  ['/proc/sys/kernel/unprivileged_userns_clone', '0\n', 'sudo sysctl -w kernel.unprivileged_userns_clone=1'],
  ['/proc/sys/user/max_user_namespaces', '0\n', 'sudo sysctl -w user.max_user_namespaces=15000'],
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1\n', /apparmor_parser/],
  ['/.dockerenv', '', /^bwrap /],
])('says what to do about %s', (path, text, hint) => {
  const error = explainFailure((asked) => (asked === path ? text : undefined));
  expect(error).toMatchObject({
    code: 'confinement-unavailable',
    message: expect.stringMatching(/^The command was not run, because it can't be confined: [^:]+\.$/),
    hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
  });
});

test('a network of its own that can’t be made says why, and where the device is looked for', () => {
  expect(explainNetworkFailure('Failed to open() /dev/net/tun: Permission denied\nmore\n')).toMatchObject({
    code: 'confinement-unavailable',
    message:
      "The command was not run, because pasta can't give it a network of its own: Failed to open() /dev/net/tun: Permission denied. --network=host shares this machine's, with its ports and abstract sockets.",
    hint: 'ls -l /dev/net/tun',
  });
});
