// What of a caller's environment the daemon that it starts may see: an allow-list, for the daemon outlives the caller.

import { UsageError } from '../../core/errors.ts';
import { AWS_FILE_VARIABLES, portablePath } from '../files/aws-file-path.ts';

/** Where AWS's files are, and how AWS is reached. */
export const AWS_NAMES = [
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ENDPOINT_URL_SSO_OIDC',
  'AWS_ENDPOINT_URL_SSO',
  'AWS_ENDPOINT_URL_STS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'AWS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const;

const NAMES: ReadonlySet<string> = new Set([
  'HOME',
  'PATH',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  ...AWS_NAMES,
]);
const PREFIXES = ['LC_', 'XDG_', 'ROLECALL_'] as const;

/** The descriptor on which a daemon that a client starts finds its passphrase; an environment can be read in /proc. */
export const PASSPHRASE_FD_NAME = 'ROLECALL_PASSPHRASE_FD';

/** What changes the daemon's Node before its first line of JavaScript. */
const BEFORE_US = ['NODE_OPTIONS', 'LD_PRELOAD', 'LD_AUDIT'] as const;

/** What a unit takes out of the manager's environment: variables that act on Node, OpenSSL and the loader. */
export const UNSET_FOR_SERVICE = [
  ...BEFORE_US,
  'LD_LIBRARY_PATH',
  'GLIBC_TUNABLES',
  'GCONV_PATH',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_PATH',
  'NODE_DEBUG',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
  'NODE_REDIRECT_WARNINGS',
  'NODE_ICU_DATA',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
] as const;

/** A service uses these only when they come from the shell that installed it, or from the person's own file. */
export const ENDPOINT_NAMES = AWS_NAMES.filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));

/** The variables that would have changed how the daemon runs; anything else that is dropped means nothing to it. */
const CONSEQUENTIAL = /^(?:NODE|LD|DYLD|OPENSSL|GCONV|GLIBC)_/;

/** Deletes from `environment` what a daemon is not to see, and returns the names that would have mattered. */
export function cleanEnvironment(environment: Record<string, string | undefined>): readonly string[] {
  const kept = daemonEnvironment(environment);
  const dropped = Object.entries(environment).filter(([name]) => !Object.hasOwn(kept, name));
  for (const [name] of dropped) delete environment[name];
  Object.assign(environment, kept);
  return dropped.flatMap(([name, value]) => (CONSEQUENTIAL.test(name) && value !== '' ? [name] : [])).toSorted();
}

/** @throws UsageError usage: a variable has changed this Node already, so that dropping it comes too late */
export function refuseChangedNode(droppedNames: readonly string[]): void {
  const names = BEFORE_US.filter((name) => droppedNames.includes(name));
  if (names.length === 0) return;
  throw new UsageError('usage', `The daemon does not run with ${names.join(' and ')} set.`, {
    hint: 'rolecall daemon start',
  });
}

const FILES: ReadonlySet<string> = new Set(Object.values(AWS_FILE_VARIABLES));

/** The value for a daemon, which lacks the variables and the working directory that a file may be named by. */
export function daemonValue(
  name: string,
  value: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return FILES.has(name) ? portablePath(value, environment) : value;
}

/** The part of `environment` that an auto-started daemon gets. */
export function daemonEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))) {
      kept[name] = daemonValue(name, value, environment);
    }
  }
  return kept;
}
