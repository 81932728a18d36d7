// The environment variables that a daemon gets from the caller that starts it: an allow-list, because it outlives the caller.

import { UsageError } from '../../core/errors.ts';
import { AWS_FILE_VARIABLES, portablePath } from '../files/aws-file-path.ts';

/** Where AWS's files are, and how to reach AWS. */
export const AWS_NAMES = [
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ENDPOINT_URL_SSO_OIDC',
  'AWS_ENDPOINT_URL_SSO',
  'AWS_ENDPOINT_URL_STS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
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
  'XAUTHORITY',
  ...AWS_NAMES,
]);
const PREFIXES = ['LC_', 'XDG_', 'ROLECALL_'] as const;

/** The descriptor from which the daemon reads its passphrase when a client starts it; an environment can be read in /proc. */
export const PASSPHRASE_FD_NAME = 'ROLECALL_PASSPHRASE_FD';

/** Variables that change Node before it runs any of our JavaScript. */
const BEFORE_US = ['NODE_OPTIONS', 'LD_PRELOAD', 'LD_AUDIT'] as const;

/** Variables that the systemd unit removes from the manager's environment: they affect Node, OpenSSL and the loader. */
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

/** A service uses these only if they come from the shell that installed it, or from the user's own file. */
export const ENDPOINT_NAMES = AWS_NAMES.filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));

/** Variables that would have changed how the daemon runs; the others have no effect on it. */
const CONSEQUENTIAL = /^(?:NODE|LD|DYLD|OPENSSL|GCONV|GLIBC)_/;

/** Deletes from `environment` what a daemon must not see, and returns the names that would have had an effect. */
export function cleanEnvironment(environment: Record<string, string | undefined>): readonly string[] {
  const kept = daemonEnvironment(environment);
  const dropped = Object.entries(environment).filter(([name]) => !Object.hasOwn(kept, name));
  for (const [name] of dropped) delete environment[name];
  Object.assign(environment, kept);
  return dropped.flatMap(([name, value]) => (CONSEQUENTIAL.test(name) && value !== '' ? [name] : [])).toSorted();
}

/** @throws UsageError usage: a variable has already changed this Node, so dropping it now is too late */
export function refuseChangedNode(droppedNames: readonly string[]): void {
  const names = BEFORE_US.filter((name) => droppedNames.includes(name));
  if (names.length === 0) return;
  throw new UsageError('usage', `The daemon refuses to run with ${names.join(' and ')} set.`, {
    hint: 'rolecall daemon start',
  });
}

const FILES: ReadonlySet<string> = new Set(Object.values(AWS_FILE_VARIABLES));

/** The value for a daemon, which has neither the variables nor the working directory that a file name may depend on. */
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
