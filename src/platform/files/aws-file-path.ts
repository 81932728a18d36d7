// Where AWS's own files are for a program with this environment, as botocore finds them.
import { join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that name AWS's own files. */
export const AWS_FILE_VARIABLES = { config: 'AWS_CONFIG_FILE', credentials: 'AWS_SHARED_CREDENTIALS_FILE' } as const;

/** 20,000 profiles have five megabytes. */
export const MAX_AWS_FILE_BYTES = 64 * 1024 * 1024;

/** What the variable names, else the file of that name in `~/.aws`; absolute, symlinks not resolved. */
export function awsFilePath(
  name: keyof typeof AWS_FILE_VARIABLES,
  environment: Environment,
  homeDirectory: string,
): string {
  const named = expandPath(environment[AWS_FILE_VARIABLES[name]] ?? '', environment, homeDirectory);
  return named === '' ? join(homeDirectory, '.aws', name) : resolve(named);
}

/** `$NAME`, `${NAME}` and then `~` filled in as botocore does it; a variable that is not set stays as it is written. */
export function expandPath(path: string, environment: Environment, homeDirectory: string): string {
  return expandVariables(path, environment).replace(/^~(?=\/|$)/u, () => homeDirectory);
}

/** The same file for a process that has neither this environment nor this working directory. */
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
