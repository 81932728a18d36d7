// `exec --via`: reads the role to go through and the policies that narrow it, once, before anything else happens.
import { isUtf8 } from 'node:buffer';
import { isRoleWord } from '../../../core/aws/named-role.ts';
import { isPolicyArn, MAX_POLICY_ARNS, readSessionPolicy } from '../../../core/aws/session-policy.ts';
import { UsageError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { ViaDocument } from '../../../local-api/schemas.ts';
import { readBoundedBytes, UnreadableFileError } from '../../../platform/files/bounded-read.ts';

/** With white space and comments in other files; AWS takes far less. */
const MAX_FILE_BYTES = 1024 * 1024;
const HELP = { hint: 'rolecall exec --help' } as const;

/**
 * What `--via` and `--policy` say. Later changes to the file have no effect.
 * @throws UsageError usage; invalid-policy: a file cannot be read, or AWS would not take it
 */
export async function readHop(role: string, policies: readonly string[]): Promise<ViaDocument> {
  if (!isRoleWord(role)) {
    throw new UsageError('usage', `exec --via takes the ARN of a role or its name, not "${role}".`, HELP);
  }
  const policyArns = [...new Set(policies.filter((word) => word.startsWith('arn:')))];
  const notOfPolicy = policyArns.find((arn) => !isPolicyArn(arn));
  if (notOfPolicy !== undefined) {
    throw new UsageError('invalid-policy', `${notOfPolicy} is not the ARN of a policy.`, HELP);
  }
  if (policyArns.length > MAX_POLICY_ARNS) {
    throw new UsageError('invalid-policy', `AWS takes ${MAX_POLICY_ARNS} policy ARNs, not ${policyArns.length}.`, HELP);
  }
  const [file, another] = policies.filter((word) => !word.startsWith('arn:'));
  if (another !== undefined) {
    throw new UsageError('usage', 'exec --policy takes one file, and any number of ARNs up to 10 beside it.', HELP);
  }
  return {
    role,
    ...(file === undefined ? {} : { policy: await readPolicyFile(file) }),
    ...(policyArns.length === 0 ? {} : { policyArns }),
  };
}

async function readPolicyFile(path: string): Promise<string> {
  if (path.trimStart().startsWith('{')) {
    throw new UsageError('usage', 'exec --policy takes a file or the ARN of a policy, not the policy itself.', HELP);
  }
  const read = readSessionPolicy(await readText(path));
  if ('policy' in read) return read.policy;
  throw new UsageError('invalid-policy', `The policy ${path} ${read.problem}.`, HELP);
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readBoundedBytes(path, MAX_FILE_BYTES);
    if (isUtf8(bytes)) return bytes.toString('utf8');
    throw new UnreadableFileError(path, 'not UTF-8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const reason = cause instanceof UnreadableFileError ? `it is ${cause.reason}` : (REASONS[code] ?? code);
    throw new UsageError('invalid-policy', `Cannot read the policy ${path}: ${reason}.`, {
      hint: `ls -l ${quoteForShell(path)}`,
      cause,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EACCES: 'you may not read it',
};
