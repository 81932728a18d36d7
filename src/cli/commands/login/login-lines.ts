// What `login --json` prints: a line of JSON for each step, at once, so that another program can show code and page.
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { SignInDocument, SignInSetupDocument } from '../../../local-api/schemas.ts';
import type { Output } from '../../context.ts';
import { fetchStatus } from '../../sessions.ts';
import type { LoginContext, LoginOptions, LoginOutcome } from './options.ts';

type Json = Pick<LoginOptions, 'json'>;

/** Prints what a person reads; with --json nothing, as the lines say the same. */
export function sayUnlessJson({ json }: Json, { stderr }: Pick<Output, 'stderr'>): (text: string) => void {
  return (text) => {
    if (json !== true) stderr.write(text);
  };
}

/** The page to open and the code to compare. A second one replaces the first, whose code no longer works. */
export function printPromptLine(
  session: string,
  pending: SignInDocument,
  { json }: Json,
  { stdout }: LoginContext,
): void {
  if (json !== true) return;
  const { flow, flowReason, userCode, verificationUri, verificationUriComplete, openUri, leadsTo, expiresAt } = pending;
  stdout.write(
    formatJsonLine({
      type: 'prompt',
      session,
      flow,
      flowReason,
      userCode,
      verificationUri,
      verificationUriComplete,
      openUri,
      leadsTo,
      expiresAt,
    }),
  );
}

/** The keys work from here on; the accounts are listed next. */
export function printSignedInLine(session: string, { json }: Json, { stdout }: LoginContext): void {
  if (json === true) stdout.write(formatJsonLine({ type: 'progress', session, step: 'signed-in' }));
}

/** Prints each step of listing and syncing once. */
export function createProgressLines(
  session: string,
  { json }: Json,
  { stdout }: LoginContext,
): (setup: SignInSetupDocument) => void {
  let printed = '';
  return ({ state, accountsListed, accountsTotal }) => {
    const line = formatJsonLine({ type: 'progress', session, step: state, done: accountsListed, total: accountsTotal });
    if (json !== true || line === printed) return;
    printed = line;
    stdout.write(line);
  };
}

/** How it ended for one session, with the outcome of version 0.1.0. */
export async function printDoneLine(outcome: LoginOutcome, context: LoginContext): Promise<void> {
  const { session, setup } = outcome;
  const { sessions } = await fetchStatus(context);
  context.stdout.write(
    formatJsonLine({
      type: 'done',
      ...outcome,
      user: outcome.user ?? null,
      sessionExpiresAt: sessions.find((known) => known.session === session)?.sessionExpiresAt ?? null,
      accounts: setup === null ? null : setup.accountsTotal,
      roles: setup?.permissionSets ?? null,
      new: setup?.added ?? [],
      removed: setup?.removed ?? [],
    }),
  );
}
