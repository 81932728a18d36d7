// The environment of one role on the far host, as files that a shell there reads at the end of its startup.
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { BEFORE_PROFILE } from '../environment/child-environment.ts';

/** What a program there needs to get the keys of one role. None of it is secret. */
export interface RemoteRole {
  readonly url: string;
  readonly tokenFile: string;
  readonly region: string | undefined;
}

export type Dialect = 'csh' | 'fish' | 'sh';

/** Variables from which an SDK there would take other credentials first. */
const UNSET = [...BEFORE_PROFILE, 'AWS_PROFILE', 'ROLECALL_PROFILE', 'AWS_BEARER_TOKEN_BEDROCK'].filter(
  (name) => !name.startsWith('AWS_CONTAINER_CREDENTIALS_FULL') && name !== 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
);
const PROXIES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'] as const;
const EXCEPTIONS = ['NO_PROXY', 'no_proxy'] as const;

/** All values are made of characters that are quoted in the same way by every shell: addresses, paths and regions. */
export function remoteVariables(
  role: RemoteRole,
  files: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { url, tokenFile, region } = role;
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    ...(region === undefined ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    // On EC2 some SDKs would use the machine's role after the access has ended.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...files,
  };
}

/** The text of a file for shells of this dialect. Reading it twice changes nothing. */
export function environmentFile(variables: Readonly<Record<string, string>>, dialect: Dialect): string {
  const all = Object.entries(variables).map(([name, value]) => [name, quoteForShell(value)] as const);
  switch (dialect) {
    case 'sh':
      return [
        `unset ${UNSET.join(' ')}`,
        ...all.map(([name, value]) => `export ${name}=${value}`),
        // Some HTTP libraries send even loopback requests, and with them the token, to a proxy.
        `if [ -n "${PROXIES.map((name) => `\${${name}-}`).join('')}" ]; then`,
        ...EXCEPTIONS.map(
          (name) =>
            `  case ",\${${name}-}," in *,127.0.0.1,*|",*,") ;; *) export ${name}="127.0.0.1\${${name}:+,\$${name}}" ;; esac`,
        ),
        'fi',
        '',
      ].join('\n');
    case 'fish':
      return [
        ...UNSET.map((name) => `set -e -g ${name}`),
        ...all.map(([name, value]) => `set -gx ${name} ${value}`),
        `if test -n "${PROXIES.map((name) => `$${name}`).join('')}"`,
        ...EXCEPTIONS.map(
          (name) =>
            `  string match -q -- "*,127.0.0.1,*" ",$${name}," ; or test "$${name}" = "*" ; or set -gx ${name} (string trim -r -c , "127.0.0.1,$${name}")`,
        ),
        'end',
        'true',
        '',
      ].join('\n');
    case 'csh':
      return [
        ...UNSET.map((name) => `unsetenv ${name}`),
        ...all.map(([name, value]) => `setenv ${name} ${value}`),
        `if (${PROXIES.map((name) => `$?${name}`).join(' || ')}) then`,
        ...EXCEPTIONS.flatMap((name) => [
          `  if (! $?${name}) setenv ${name} ""`,
          `  if (",$${name}," !~ "*,127.0.0.1,*" && "$${name}" != "*") setenv ${name} "127.0.0.1,$${name}"`,
        ]),
        'endif',
        '',
      ].join('\n');
  }
}
