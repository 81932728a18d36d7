// The environment of a confined command: a list of variables that hold no secrets and lead to no other program, and what the user names.
import { UsageError } from '../../core/errors.ts';
import { isIdentityVariable, type Environment } from '../environment/child-environment.ts';

/** What programs need to run, to print and to reach the network. A file that one of them names may still be hidden. */
const PASSED: ReadonlySet<string> = new Set([
  'PATH',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TERM',
  'COLORTERM',
  'COLORFGBG',
  'TERM_PROGRAM',
  'NO_COLOR',
  'FORCE_COLOR',
  'CLICOLOR',
  'CLICOLOR_FORCE',
  'COLUMNS',
  'LINES',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'LESS',
  'CI',
  'NODE_ENV',
  'JAVA_HOME',
  'GOROOT',
  'SOURCE_DATE_EPOCH',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PAGER',
  'AWS_DEFAULT_OUTPUT',
  'AWS_RETRY_MODE',
  'AWS_MAX_ATTEMPTS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_STS_REGIONAL_ENDPOINTS',
]);
const PASSED_PREFIXES = ['LC_', 'AWS_ENDPOINT_URL'] as const;
/** Passed unless they contain a password. */
const PROXIES: ReadonlySet<string> = new Set([
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
]);

/** What `exec` itself sets, and what would give the command another role or the keychain. */
const REFUSED =
  /^(?:ROLECALL_.*|DBUS_.*|HOME|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|BOTO_CONFIG|AWS_EC2_METADATA_DISABLED)$/u;
/** They would act on bubblewrap itself, which is not confined, so they are set inside. */
const INSIDE_ONLY =
  /^(?:LD_.*|GLIBC_TUNABLES|MALLOC_.*|GCONV_PATH|LOCPATH|NLSPATH|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS4)$/u;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/u;

export interface ConfinedVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** Those of `--env` that only the command itself may have, and no program before it. */
  readonly insideOnly: Readonly<Record<string, string>>;
  /** Names of proxies that are left out because of their password. */
  readonly withheld: readonly string[];
}

/**
 * The part of `inherited` that a confined command may have.
 * @param named the variables of `--env`
 * @throws UsageError usage: one of them may not be passed, or is not set
 */
export function confinedVariables(inherited: Environment, named: readonly string[]): ConfinedVariables {
  for (const name of named) checkName(name, inherited);
  const variables: Record<string, string> = {};
  const insideOnly: Record<string, string> = {};
  const withheld: string[] = [];
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined) continue;
    if (named.includes(name) && INSIDE_ONLY.test(name)) {
      insideOnly[name] = value;
    } else if (named.includes(name) || PASSED.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
      variables[name] = value;
    } else if (PROXIES.has(name) && value !== '') {
      if (value.includes('@')) withheld.push(name);
      else variables[name] = value;
    }
  }
  return { variables, insideOnly, withheld };
}

/** What every confined command has besides: no files with roles, and no daemon of its own. */
export function fixedVariables(homeDirectory: string): Readonly<Record<string, string>> {
  return {
    HOME: homeDirectory,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    // The Java SDK v1's name.
    AWS_CREDENTIAL_PROFILES_FILE: '/dev/null',
    // botocore and the AWS CLI read ~/.boto and /etc/boto.cfg before the container endpoint.
    BOTO_CONFIG: '/dev/null',
    ROLECALL_NO_AUTOSTART: '1',
  };
}

function checkName(name: string, inherited: Environment): void {
  if (!NAME.test(name)) {
    const reason = name.includes('=')
      ? 'takes the name of a variable without its value, which would be visible in ps'
      : 'takes the name of a variable';
    throw new UsageError('usage', `--env ${reason}.`, { hint: 'rolecall exec --help' });
  }
  if (REFUSED.test(name) || isIdentityVariable(name)) {
    throw new UsageError('usage', `--env can't pass ${name} to a confined command.`, { hint: 'rolecall exec --help' });
  }
  if (inherited[name] === undefined) {
    throw new UsageError('usage', `--env ${name}: this variable is not set.`, { hint: `export ${name}` });
  }
}
