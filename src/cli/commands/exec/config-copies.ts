// Copies the AWS files without the credentials of the default profile, which most SDKs prefer to the container endpoint.
import { isUtf8 } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DefaultsOf } from '../../../aws-config/document/default-credentials.ts';
import { UsageError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { readBoundedBytes, UnreadableFileError } from '../../../platform/files/bounded-read.ts';
import { toFileError } from '../../../platform/files/file-error.ts';
import { awsFilePath, expandPath, MAX_AWS_FILE_BYTES } from '../../../platform/files/aws-file-path.ts';
import type { Environment } from '../../environment/child-environment.ts';

interface AwsFile {
  readonly whose: DefaultsOf;
  readonly copyName: string;
  readonly variables: readonly string[];
  /** The first of these that contains credentials is copied. */
  readonly paths: readonly string[];
}

/**
 * The variables that point to the copies (0600, in `directory`); empty when no default profile has credentials.
 * @throws UsageError config-malformed: a file cannot be read, or AWS clients disagree on its content
 * @throws UnavailableError file-not-writable
 */
export async function copyConfigFiles(deps: {
  readonly environment: Environment;
  readonly homeDirectory: string;
  readonly directory: string;
}): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const file of filesOf(deps.environment, deps.homeDirectory)) {
    for (const path of file.paths) {
      const text = await withoutDefaults(path, file.whose);
      if (text === undefined) continue;
      const copy = join(deps.directory, file.copyName);
      await writePrivate(copy, text);
      for (const name of file.variables) variables[name] = copy;
      break;
    }
  }
  return variables;
}

/** Writes a new 0600 file. @throws UnavailableError file-not-writable */
export async function writePrivate(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw toFileError(cause, path, 'written');
  }
}

function filesOf(environment: Environment, homeDirectory: string): readonly AwsFile[] {
  const botoConfig = environment['BOTO_CONFIG'];
  return [
    {
      whose: 'aws',
      copyName: 'config',
      variables: ['AWS_CONFIG_FILE'],
      paths: [awsFilePath('config', environment, homeDirectory)],
    },
    {
      whose: 'aws',
      copyName: 'credentials',
      // The second name is the Java SDK v1's.
      variables: ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CREDENTIAL_PROFILES_FILE'],
      paths: [awsFilePath('credentials', environment, homeDirectory)],
    },
    {
      whose: 'boto',
      copyName: 'boto',
      variables: ['BOTO_CONFIG'],
      paths:
        botoConfig === undefined
          ? ['/etc/boto.cfg', join(homeDirectory, '.boto')]
          : [expandPath(botoConfig, environment, homeDirectory)],
    },
  ];
}

/** The text of a copy; undefined when the file can be used as it is. */
async function withoutDefaults(path: string, whose: DefaultsOf): Promise<string | undefined> {
  if (path === '') return undefined;
  const bytes = await readIfPresent(path);
  // A file without these words needs no parsing.
  if (bytes === undefined || !/default|credentials/iu.test(bytes.toString('latin1'))) return undefined;
  const [{ parseConfigDocument }, { withoutDefaultCredentials }] = await Promise.all([
    import('../../../aws-config/document/document.ts'),
    import('../../../aws-config/document/default-credentials.ts'),
  ]);
  const text = bytes.toString('utf8');
  const stripped = withoutDefaultCredentials(parseConfigDocument(text, path), whose);
  if (stripped === text) return undefined;
  if (!isUtf8(bytes)) throw unreadable(path, 'it is not UTF-8, and its default profile has credentials');
  return stripped;
}

async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readBoundedBytes(path, MAX_AWS_FILE_BYTES);
  } catch (cause) {
    if (cause instanceof UnreadableFileError) throw unreadable(path, `it is ${cause.reason}`, cause);
    const code = codeOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, code, cause);
  }
}

function unreadable(path: string, reason: string, cause?: unknown): UsageError {
  return new UsageError('config-malformed', `Cannot read ${path}: ${reason}.`, {
    hint: `ls -l ${quoteForShell(path)}`,
    cause,
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
