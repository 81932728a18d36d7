// `rolecall credential-process`: the sh client runs it if there is no daemon or no curl.
import { UsageError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { DaemonAccess, Output } from '../../context.ts';

export interface CredentialProcessOptions {
  readonly session?: string;
  readonly account?: string;
  readonly role?: string;
  readonly current?: boolean;
  readonly deadlineSeconds?: string;
}

const DEADLINE_SECONDS = 55;

export async function runCredentialProcess(
  options: CredentialProcessOptions,
  context: DaemonAccess & Pick<Output, 'stdout'>,
): Promise<number> {
  const { session, account, role } = options;
  const deadlineSeconds = Number(options.deadlineSeconds ?? DEADLINE_SECONDS);
  if (!(deadlineSeconds > 0)) throw wrongOptions();
  const callOptions = { timeoutMs: deadlineSeconds * 1000, signal: context.signal };
  if (options.current === true) {
    if (session !== undefined || account !== undefined || role !== undefined) throw wrongOptions();
    const document = await context.client.call('currentCredentials', {}, callOptions);
    context.stdout.write(formatJsonLine(document));
    return 0;
  }
  if (session === undefined || account === undefined || role === undefined) throw wrongOptions();
  const document = await context.client.call('credentials', { query: { session, account, role } }, callOptions);
  context.stdout.write(formatJsonLine(document));
  return 0;
}

function wrongOptions(): UsageError {
  return new UsageError('usage', 'credential-process takes --session S --account A --role R, or --current alone.', {
    hint: 'rolecall credential-process --help',
  });
}
