// Finds AWS's files for a given environment, by botocore's rules.
import { join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables with the paths of AWS's files. */
export const AWS_FILE_VARIABLES = { config: 'AWS_CONFIG_FILE', credentials: 'AWS_SHARED_CREDENTIALS_FILE' } as const;

/** 20,000 profiles take five megabytes. */
export const MAX_AWS_FILE_BYTES = 64 * 1024 * 1024;

/** The path in the variable, or else the file of that name in `~/.aws`. Absolute, without resolving symlinks. */
export function awsFilePath(
  name: keyof typeof AWS_FILE_VARIABLES,
  environment: Environment,
  homeDirectory: string,
): string {
  const named = expandPath(environment[AWS_FILE_VARIABLES[name]] ?? '', environment, homeDirectory);
  return named === '' ? join(homeDirectory, '.aws', name) : resolve(named);
}

/** Expands `$NAME`, `${NAME}` and then `~` like botocore. A variable that is not set stays as it is. */
export function expandPath(path: string, environment: Environment, homeDirectory: string): string {
  return expandVariables(path, environment).replace(/^~(?=\/|$)/u, () => homeDirectory);
}

/** The same path for a process with another environment and working directory. */
export function portablePath(path: string, environment: Environment): string {
  const expanded = expandVariables(path, environment);
  return expanded === '' || /^~(?:\/|$)/u.test(expanded) ? expanded : resolve(expanded);
}

function expandVariables(path: string, environment: Environment): string {
  return path.replace(/\$(?:\{([^}]*)\}|(\w+))/gu, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? '';
    return (Object.hasOwn(environment, name) ? environment[name] : undefined) ?? whole;
  });
}
