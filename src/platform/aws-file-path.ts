// Where AWS's own files are for a program with this environment, as botocore finds them.
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** 20,000 profiles have five megabytes. */
export const MAX_AWS_FILE_BYTES = 64 * 1024 * 1024;

/** What `variable` names, else the file of that name in `~/.aws`. */
export function awsFilePath(name: 'config' | 'credentials', environment: Environment, homeDirectory: string): string {
  const variable = name === 'config' ? 'AWS_CONFIG_FILE' : 'AWS_SHARED_CREDENTIALS_FILE';
  return expandPath(environment[variable] ?? '', environment, homeDirectory) || join(homeDirectory, '.aws', name);
}

/** `~` and variables as botocore expands them; whoever does not will find a copy all the same. */
export function expandPath(path: string, environment: Environment, homeDirectory: string): string {
  return path
    .replace(/^~(?=\/|$)/u, () => homeDirectory)
    .replace(/\$(?:\{(\w+)\}|(\w+))/gu, (whole, braced?: string, plain?: string) => {
      return environment[braced ?? plain ?? ''] ?? whole;
    });
}
