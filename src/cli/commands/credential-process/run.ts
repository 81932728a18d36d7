// `rolecall credential-process`: the sh client runs it if there is no daemon or no curl.
import { UsageError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { Role } from '../../../core/model.ts';
import type { CliContext, DaemonAccess } from '../../context.ts';

export interface CredentialProcessOptions {
  readonly session?: string;
  readonly account?: string;
  readonly role?: string;
  readonly current?: boolean;
  readonly deadlineSeconds?: string;
}

type Context = DaemonAccess & Pick<CliContext, 'clock' | 'stderr' | 'stdout'>;

const DEADLINE_SECONDS = 55;
/** A request that takes longer may wait for a person. */
const QUICK_MS = 1000;

export async function runCredentialProcess(options: CredentialProcessOptions, context: Context): Promise<number> {
  const { session, account, role } = options;
  const deadlineSeconds = Number(options.deadlineSeconds ?? DEADLINE_SECONDS);
  if (!(deadlineSeconds > 0)) throw wrongOptions();
  const callOptions = { timeoutMs: deadlineSeconds * 1000, signal: context.signal };
  if (options.current === true) {
    if (session !== undefined || account !== undefined || role !== undefined) throw wrongOptions();
    const call = () => context.client.call('currentCredentials', {}, callOptions);
    const document = await withNotice(call, 'current', context);
    context.stdout.write(formatJsonLine(document));
    return 0;
  }
  if (session === undefined || account === undefined || role === undefined) throw wrongOptions();
  const wanted = { sessionName: session, accountId: account, permissionSet: role };
  const call = () => context.client.call('credentials', { query: { session, account, role } }, callOptions);
  const document = await withNotice(call, wanted, context);
  context.stdout.write(formatJsonLine(document));
  return 0;
}

/** Says on standard error which approval the request waits for, if it waits for one. */
async function withNotice<T>(call: () => Promise<T>, wanted: Role | 'current', context: Context): Promise<T> {
  const answered = new AbortController();
  const signal = AbortSignal.any([answered.signal, context.signal]);
  const notice = context.clock
    .sleep(QUICK_MS, signal)
    .then(async () => (await import('../approvals/name-pending.ts')).namePending(wanted, { ...context, signal }))
    .catch(() => undefined);
  try {
    return await call();
  } finally {
    answered.abort();
    await notice;
  }
}

function wrongOptions(): UsageError {
  return new UsageError('usage', 'credential-process takes --session S --account A --role R, or --current alone.', {
    hint: 'rolecall credential-process --help',
  });
}
