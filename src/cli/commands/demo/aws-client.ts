// The AWS client that the demo shows: the machine's own AWS CLI v2, else the AWS SDK for JavaScript.
import { join } from 'node:path';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { findCommand } from '../../environment/find-command.ts';
import { runToEnd, type RunOptions } from './processes.ts';

export interface AwsClient {
  readonly name: string;
  /** The command to show for GetCallerIdentity with this profile, or with AWS_PROFILE when omitted. */
  describe(profile?: string): string;
  /** The same as a line that works in a shell with the demo's environment. */
  shellLine(profile: string): string;
  /** The same as a command to run. */
  command(profile?: string): {
    readonly command: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  };
}

/** Also searched, because an `aws` of version 1 may come first in PATH. */
const COMMON_PATHS = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'] as const;

export async function findAwsClient(sdkProgram: string, options: RunOptions): Promise<AwsClient> {
  const aws = await findAwsCli(options);
  if (aws !== undefined) {
    const describe = (profile?: string) =>
      `aws sts get-caller-identity${profile === undefined ? '' : ` --profile ${profile}`}`;
    return {
      name: 'AWS CLI',
      describe,
      shellLine: describe,
      command: (profile) => ({ command: [aws, ...describe(profile).split(' ').slice(1)], environment: {} }),
    };
  }
  return {
    name: 'AWS SDK for JavaScript',
    describe: (profile) => `${profile === undefined ? '' : `AWS_PROFILE=${profile} `}node get-caller-identity.js`,
    shellLine: (profile) => `AWS_PROFILE=${profile} ${quoteForShell(process.execPath)} ${quoteForShell(sdkProgram)}`,
    command: (profile) => ({
      command: [process.execPath, sdkProgram],
      environment: profile === undefined ? {} : { AWS_PROFILE: profile },
    }),
  };
}

async function findAwsCli(options: RunOptions): Promise<string | undefined> {
  const folders = new Set([...(options.environment['PATH'] ?? '').split(':'), ...COMMON_PATHS]);
  const candidates = [...folders]
    .map((folder) => join(folder, 'aws'))
    .filter((path) => 'path' in findCommand(path, {}));
  const versions = await Promise.all(
    candidates.map((path) => runToEnd([path, '--version'], options).catch(() => undefined)),
  );
  return candidates.find((_, index) => versions[index]?.stdout.startsWith('aws-cli/2.') === true);
}
