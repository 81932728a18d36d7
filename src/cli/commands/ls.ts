// `rolecall ls`: accounts and permission sets, as last known, with the age of the list.
import { NotFoundError } from '../../core/errors.ts';
import { formatJson } from '../../core/format-json.ts';
import type { AccountsDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';
import { createProgressLine } from '../progress.ts';
import { createPainter, formatDuration, formatTable, harmless } from '../render.ts';

const PROGRESS_MS = 200;

export interface LsOptions {
  readonly json?: boolean;
  readonly refresh?: boolean;
}

export async function runLs(query: readonly string[], options: LsOptions, context: CliContext): Promise<number> {
  const document =
    options.refresh === true
      ? await listAnew(context)
      : await context.client.call('accounts', { query: {} }, { signal: context.signal });
  const matching = filter(document, query);
  if (options.json === true) context.stdout.write(formatJson(matching));
  else if (document.asOf === null) {
    throw new NotFoundError('account-not-found', 'No account was ever listed here.', { hint: 'rolecall login' });
  }
  if (matching.accounts.length === 0 && query.length > 0) {
    throw new NotFoundError('account-not-found', `Nothing among your accounts matches "${query.join(' ')}".`, {
      hint: 'rolecall ls',
    });
  }
  if (options.json === true || document.asOf === null) return 0;
  context.stdout.write(format(matching, context));
  const age = formatDuration(context.clock.nowMs() - Date.parse(document.asOf));
  const note = document.complete ? '' : ' It is incomplete: rolecall ls --refresh';
  context.stderr.write(`Listed ${age} ago.${note}\n`);
  return 0;
}

/** Hundreds of accounts take a minute, so the person sees how far it is. */
async function listAnew(context: CliContext): Promise<AccountsDocument> {
  const progress = createProgressLine(context);
  const listed = new AbortController();
  const signal = AbortSignal.any([listed.signal, context.signal]);
  const watch = async () => {
    for (;;) {
      await context.clock.sleep(PROGRESS_MS, signal);
      const { sessions } = await context.client.call('status', {}, { signal });
      const listings = sessions.flatMap(({ listing }) => (listing === null ? [] : [listing]));
      const total = listings.reduce((sum, { accountsTotal }) => sum + accountsTotal, 0);
      const done = listings.reduce((sum, { accountsListed }) => sum + accountsListed, 0);
      if (total > 0) progress.show(`Listing permission sets, ${done} of ${total} accounts …`);
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    return await context.client.call('accounts', { query: { refresh: true } }, { signal: context.signal });
  } finally {
    listed.abort();
    await watching;
    progress.clear();
  }
}

/** Every word must be somewhere in the account's name, id, e-mail address, session or the permission set's name. */
function filter(document: AccountsDocument, query: readonly string[]): AccountsDocument {
  if (query.length === 0) return document;
  const words = query.flatMap((part) => part.toLowerCase().split(/\s+/)).filter((word) => word !== '');
  const accounts = document.accounts.flatMap((account) => {
    const about = `${account.accountName ?? ''}\n${account.accountId}\n${account.emailAddress ?? ''}\n${account.session}`;
    const permissionSets = account.permissionSets.filter((name) => {
      const text = `${about}\n${name}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return permissionSets.length === 0 ? [] : [{ ...account, permissionSets }];
  });
  return { ...document, accounts };
}

function format(document: AccountsDocument, context: CliContext): string {
  const paint = createPainter(context.stdout, context.environment);
  const isOneSession = new Set(document.accounts.map(({ session }) => session)).size <= 1;
  const header = ['ACCOUNT', 'ID', 'PERMISSION SET', ...(isOneSession ? [] : ['SESSION'])];
  const rows = document.accounts.flatMap((account) =>
    (account.permissionSets.length === 0 ? ['-'] : account.permissionSets).map((permissionSet) => [
      harmless(account.accountName ?? '-'),
      account.accountId,
      harmless(permissionSet),
      ...(isOneSession ? [] : [harmless(account.session)]),
    ]),
  );
  const [first = '', ...others] = formatTable([header, ...rows]).split(/(?<=\n)/);
  return paint('dim', first) + others.join('');
}
