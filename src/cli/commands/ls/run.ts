// `rolecall ls`: lists accounts and permission sets as last known, with the age of the list.
import { NotFoundError } from '../../../core/errors.ts';
import { createRoleIndex } from '../../../core/search/role-index.js';
import { BY_ID, INSIDE, NAMED, PARTED, STARTED } from '../../../core/search/role-match.js';
import type { AccountsDocument } from '../../../local-api/schemas.ts';
import type { LoginContext } from '../login/options.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { formatDuration, formatTable, harmless } from '../../terminal/render.ts';

const PROGRESS_MS = 200;

export interface LsOptions {
  readonly json?: boolean;
  readonly refresh?: boolean;
  readonly wide?: boolean;
}

export async function runLs(query: readonly string[], options: LsOptions, context: LoginContext): Promise<number> {
  if (
    context.stdinIsTerminal &&
    context.stdout.isTTY === true &&
    context.stderr.isTTY === true &&
    options.json !== true
  ) {
    const { offerIfSignedOut } = await import('../login/offer-sign-in.ts');
    await offerIfSignedOut(context);
  }
  const document =
    options.refresh === true
      ? await listAnew(context)
      : await context.client.call('accounts', { query: {} }, { signal: context.signal });
  const matching = createAccountsSearch(document)(query.join(' '));
  if (options.json === true) {
    const { formatJson } = await import('../../../core/text/format-json.ts');
    context.stdout.write(formatJson(matching));
  } else if (document.asOf === null) {
    const { nothingListedYet } = await import('../../picker/nothing-listed.ts');
    throw nothingListedYet();
  }
  if (matching.accounts.length === 0 && query.length > 0) {
    throw new NotFoundError('account-not-found', `No account or permission set matches "${query.join(' ')}".`, {
      hint: 'rolecall ls',
    });
  }
  if (options.json === true || document.asOf === null) return 0;
  const age = formatDuration(context.clock.nowMs() - Date.parse(document.asOf));
  const note = `Listed ${age} ago.${document.complete ? '' : ' It is incomplete: rolecall ls --refresh'}`;
  if (context.stdout.isTTY === true || options.wide === true) {
    const { printDetails } = await import('./print-details.ts');
    await printDetails(matching, { note, isWide: options.wide === true }, context);
    return 0;
  }
  context.stdout.write(format(matching));
  context.stderr.write(`${note}\n`);
  return 0;
}

/** Hundreds of accounts take a minute, so this shows the progress. */
async function listAnew(context: LoginContext): Promise<AccountsDocument> {
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

/**
 * Finds the roles of a document that match every word, ranked as in `use`: accounts whose names match come before
 * accounts whose id matches; equal matches keep the order of the list.
 */
export function createAccountsSearch(document: AccountsDocument): (query: string) => AccountsDocument {
  const roles = document.accounts.flatMap((account) =>
    account.permissionSets.map((permissionSet) => ({ ...account, account, permissionSet })),
  );
  const index = createRoleIndex(roles);
  return (query) => {
    if (query.trim() === '') return document;
    const { positions, count } = index.search(query);
    const found = new Map<Account, string[]>();
    let from = 0;
    for (const end of [NAMED, PARTED, STARTED, INSIDE, BY_ID].map(count)) {
      for (const position of Array.from(positions)
        .slice(from, end)
        .toSorted((a, b) => a - b)) {
        const { account, permissionSet } = roles[position] as (typeof roles)[number];
        const permissionSets = found.get(account) ?? [];
        permissionSets.push(permissionSet);
        found.set(account, permissionSets);
      }
      from = end;
    }
    const accounts = Array.from(found, ([account, permissionSets]) => ({ ...account, permissionSets }));
    return { ...document, accounts };
  };
}

type Account = AccountsDocument['accounts'][number];

/** For pipes: scripts rely on these columns. */
function format(document: AccountsDocument): string {
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
  return formatTable([header, ...rows]);
}
