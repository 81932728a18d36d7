// Asks before a role is used that is protected, or that is perhaps not the one that was meant.
import { UsageError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { Dialog, Output } from '../context.ts';
import { askYesNo } from '../terminal/ask-yes-no.ts';
import { harmless } from '../terminal/render.ts';
import type { Doubt } from './decide-role.ts';

interface Search {
  readonly query: string;
  /** What the role is for: `in this shell`. */
  readonly purpose: string;
  /** The command line before and after the query. */
  readonly command: string;
  readonly commandEnd?: string;
  /** Whether to ask the user. */
  readonly mayAsk: boolean;
}

const REASONS: Readonly<Record<Doubt, string>> = {
  protected: 'your settings protect it',
  id: 'it was found only by its account id',
  name: 'no profile has the name that you typed',
};

/**
 * Whether the user agreed to this role.
 * @throws UsageError usage: without asking, the role has to be named exactly
 */
export async function confirmRole(
  { role, doubt, description }: { readonly role: RoleDocument; readonly doubt: Doubt; readonly description: string },
  { query, purpose, mayAsk, ...line }: Search,
  context: Dialog & Output,
): Promise<boolean> {
  if (!mayAsk) {
    const why = `"${harmless(query)}" matches ${description}, but ${REASONS[doubt]}`;
    throw new UsageError('usage', `${why}. Name it exactly.`, { hint: exactCommand(role, line) });
  }
  const isAgreed = await askYesNo(`Use ${description} ${purpose}? (${REASONS[doubt]})`, context);
  if (!isAgreed) context.stderr.write('Nothing changed.\n');
  return isAgreed;
}

/** The command line that names exactly this role. */
export function exactCommand(
  role: RoleDocument | undefined,
  { command, commandEnd = '' }: Pick<Search, 'command' | 'commandEnd'>,
): string {
  const name = role?.profile ?? role?.chain?.name ?? `${role?.accountId ?? ''} ${role?.permissionSet ?? ''}`;
  return `${command} ${quoteForShell(name)}${commandEnd}`;
}
