// What `rolecall whoami` prints for a profile of `aws login`: account, principal, and the command that signs in again.
import { awsLoginCommand, parsePrincipal } from '../../../aws-config/document/login-session.ts';
import type { Output } from '../../context.ts';
import { createPainter, formatTable, harmless } from '../../terminal/render.ts';
import type { Whoami } from './find-out.ts';

export function formatLogin(
  { profile, principal, why }: Whoami,
  context: Pick<Output, 'stdout' | 'environment'>,
): string {
  const paint = createPainter(context.stdout, context.environment);
  const known = parsePrincipal(principal ?? '');
  const head = known === undefined ? 'aws login' : `${known.accountId}  ${known.name}  aws login`;
  const rows = [
    ['Profile', `${harmless(profile ?? '')} (${harmless(why)})`],
    ['Sign-in', `account and role by aws login${known === undefined ? '' : `, ${known.arn}`}`],
  ];
  const table = formatTable(rows.map(([name = '', text = '']) => [paint('dim', name), text]));
  const again = awsLoginCommand(harmless(profile ?? ''));
  return `${paint('bold', head)}\n${table}${paint('dim', `To sign in again: ${again}. To use a role from rolecall: rolecall use`)}\n`;
}
