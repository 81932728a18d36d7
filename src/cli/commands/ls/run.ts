// `rolecall ls`: lists accounts and permission sets as last known, with the age of the list.
import { NotFoundError } from '../../../core/errors.ts';
import type { AccountsDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import type { LoginContext } from '../login/options.ts';
import type { LsOptions } from './options.ts';
import type { ChainRows } from './chain-rows.ts';
import { createPainter, formatDuration, formatTable, harmless } from '../../terminal/render.ts';

type Context = LoginContext & Pick<CliContext, 'page'>;

const PROGRESS_MS = 200;

export async function runLs(query: readonly string[], options: LsOptions, context: Context): Promise<number> {
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
  const words = query.join(' ').trim();
  if (options.roles === true) return (await import('./list-roles.ts')).listRoles(words, options, context);
  const chains =
    document.chains === undefined ? undefined : (await import('./chain-rows.ts')).createChainRows(document);
  const listed = chains?.document ?? document;
  const matching = words === '' ? listed : await search(listed, words, context);
  if (options.json === true) {
    const { formatJson } = await import('../../../core/text/format-json.ts');
    context.stdout.write(formatJson(words === '' ? document : await forJson(matching, document)));
  } else if (document.asOf === null) {
    const { NothingListedError } = await import('../../picker/nothing-listed.ts');
    throw new NothingListedError();
  }
  if (matching.accounts.length === 0 && query.length > 0) {
    throw new NotFoundError('account-not-found', `No account or permission set matches "${query.join(' ')}".`, {
      hint: 'rolecall ls',
    });
  }
  if (options.json === true || document.asOf === null) return 0;
  const asOfMs = Date.parse(document.asOf);
  const describeList = (nowMs: number) => [
    `Listed ${formatDuration(nowMs - asOfMs)} ago.`,
    ...(document.complete ? [] : ['It is incomplete: rolecall ls --refresh']),
  ];
  if (context.stdout.isTTY === true || options.wide === true) {
    const { printDetails } = await import('./print-details.ts');
    const parts = { chains, describeList, words, isWide: options.wide === true, usesPager: options.pager };
    await printDetails(matching, parts, context);
    return 0;
  }
  const [head = '', ...lines] = format(matching, chains).split(/(?<=\n)/);
  context.stdout.write(createPainter(context.stdout, context.environment)('dim', head) + lines.join(''));
  context.stderr.write(`${describeList(context.clock.nowMs()).join(' ')}\n`);
  return 0;
}

async function search(document: AccountsDocument, words: string, context: LoginContext): Promise<AccountsDocument> {
  const [{ createAccountsSearch }, { roles }] = await Promise.all([
    import('./search-accounts.ts'),
    context.client.call('roles', { query: {} }, { signal: context.signal }),
  ]);
  return createAccountsSearch(document, roles)(words);
}

async function forJson(matching: AccountsDocument, document: AccountsDocument): Promise<AccountsDocument> {
  const { mergeAccounts } = await import('./search-accounts.ts');
  const merged = mergeAccounts(matching);
  if (document.chains === undefined) return merged;
  const { separateChains } = await import('./chain-rows.ts');
  return separateChains(merged, document);
}

/** Hundreds of accounts take a minute, so this shows the progress. */
async function listAnew(context: LoginContext): Promise<AccountsDocument> {
  // Loaded only here, because `ls` has to start fast.
  const { createProgressLine, LEAVES_IT_TO_THE_DAEMON } = await import('../../terminal/progress.ts');
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
      const text = `Listing permission sets, ${done} of ${total} accounts …`;
      if (total > 0) progress.show(text, LEAVES_IT_TO_THE_DAEMON);
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    return await context.client.call('accounts', { query: { refresh: true } }, { signal: context.signal });
  } finally {
    listed.abort();
    await watching;
    progress.clear();
    if (context.signal.aborted) context.stderr.write('The daemon goes on listing in the background.\n');
  }
}

/** For pipes: scripts rely on these columns. */
function format(document: AccountsDocument, chains: ChainRows | undefined): string {
  const isOneSession = new Set(document.accounts.map(({ session }) => session)).size <= 1;
  const header = ['ACCOUNT', 'ID', 'PERMISSION SET', ...(isOneSession ? [] : ['SESSION'])];
  const rows = document.accounts.flatMap((account) =>
    (account.permissionSets.length === 0 ? ['-'] : account.permissionSets).map((permissionSet) => [
      harmless(account.accountName ?? '-'),
      account.accountId,
      harmless(chains?.titleOf(account, permissionSet) ?? permissionSet),
      ...(isOneSession ? [] : [harmless(account.session)]),
    ]),
  );
  return formatTable([header, ...rows]);
}
