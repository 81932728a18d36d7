// The profile for sandbox-exec of macOS, with the meaning of bubblewrap's arguments on Linux.
import type { SharedPath } from './confine-options.ts';

const READABLE = [
  '/usr',
  '/bin',
  '/sbin',
  '/opt',
  '/System',
  '/Library',
  '/Applications',
  '/private/etc',
  '/private/var/db/timezone',
  '/private/var/select',
  '/nix/store',
] as const;
const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/dtracehelper'] as const;
/** Names, time, the trust store and settings of the network; none of the keychain, the pasteboard or other programs. */
const SERVICES = [
  'com.apple.system.logger',
  'com.apple.system.notification_center',
  'com.apple.system.opendirectoryd.libinfo',
  'com.apple.system.opendirectoryd.membership',
  'com.apple.SystemConfiguration.configd',
  'com.apple.SystemConfiguration.DNSConfiguration',
  'com.apple.trustd.agent',
] as const;

/** @param ownFolder holds the home and the temporary files of the command */
export function sandboxProfile(request: {
  readonly ownFolder: string;
  readonly shared: readonly SharedPath[];
}): string {
  const subpaths = (paths: readonly string[]) => paths.map((path) => `(subpath ${quote(path)})`).join(' ');
  const readable = request.shared.map(({ path }) => path);
  const writable = request.shared.filter(({ isWritable }) => isWritable).map(({ path }) => path);
  return [
    '(version 1)',
    '(deny default)',
    '(allow process-fork process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow file-read-metadata)',
    `(allow file-read* (literal "/") ${subpaths([...READABLE, ...readable, request.ownFolder])})`,
    '(deny file-read* (subpath "/Library/Keychains"))',
    `(allow file-write* ${subpaths([...writable, request.ownFolder])})`,
    `(allow file-read* file-write-data ${DEVICES.map((path) => `(literal ${quote(path)})`).join(' ')})`,
    // The terminal is open already; opening another one would read what is typed there.
    '(allow file-ioctl (regex #"^/dev/ttys[0-9]+$"))',
    // IP only: the sockets of rolecall, ssh-agent, Docker and others are files.
    '(allow system-socket)',
    '(allow network-outbound (remote ip "*:*") (literal "/private/var/run/mDNSResponder"))',
    '(allow network-inbound (local ip "*:*"))',
    '(allow network-bind (local ip "*:*"))',
    `(allow mach-lookup ${SERVICES.map((name) => `(global-name ${quote(name)})`).join(' ')})`,
    '(allow ipc-posix-shm-read* (ipc-posix-name "apple.shm.notification_center"))',
    '',
  ].join('\n');
}

/** A string of the profile's language. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}
