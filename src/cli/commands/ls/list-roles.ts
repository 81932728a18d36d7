// `rolecall ls --roles`: a row for each role with its profile, as /v1/roles has it.
import { createRoleIndex } from '../../../core/search/role-index.js';
import { BY_ID } from '../../../core/search/role-match.js';
import { titleOfRole } from '../../../core/text/role-title.js';
import { NotFoundError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { RoleDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { NothingListedError } from '../../picker/nothing-listed.ts';
import type { FitStep } from '../../terminal/fit-columns.ts';
import { createPainter, formatTableFor, harmless } from '../../terminal/render.ts';
import type { LoginContext } from '../login/options.ts';
import type { LsOptions } from './options.ts';

type Context = LoginContext & Pick<CliContext, 'page'>;

/** The account gives way first, then profile and permission set share what is left; account ids stay whole. */
const STEPS: readonly FitStep[] = [
  { columns: [2], least: 16, orDrop: true },
  { columns: [0, 3], least: 8 },
];

/** @throws NotFoundError account-not-found: no role matches */
export async function listRoles(query: string, options: LsOptions, context: Context): Promise<number> {
  const document = await context.client.call('roles', { query: {} }, { signal: context.signal });
  const roles = query === '' ? document.roles : search(document.roles, query);
  if (options.json === true) context.stdout.write(formatJson({ ...document, roles }));
  else if (document.asOf === null) throw new NothingListedError();
  if (roles.length === 0 && query !== '') {
    throw new NotFoundError('account-not-found', `No account or permission set matches "${query}".`, {
      hint: 'rolecall ls --roles',
    });
  }
  if (options.json === true) return 0;
  const isOneSession = roles.every(({ session }) => session === roles[0]?.session);
  const titles = ['PROFILE', 'ID', 'ACCOUNT', 'PERMISSION SET', ...(isOneSession ? [] : ['SESSION'])];
  const rows = roles.map((role) => [
    harmless(role.profile ?? '-'),
    role.accountId,
    harmless(role.accountName ?? '-'),
    harmless(titleOfRole(role)),
    ...(isOneSession ? [] : [harmless(role.session)]),
  ]);
  const isWide = options.wide === true;
  const { text, leftOut } = await formatTableFor(context.stdout, [titles, ...rows], { steps: STEPS, isWide });
  const [head = '', ...lines] = text.split(/(?<=\n)/);
  const paint = createPainter(context.stdout, context.environment);
  await context.page(paint('dim', head) + lines.join(''), { keepsRows: isWide, usesPager: options.pager });
  if (leftOut !== undefined) context.stderr.write(`${leftOut}\n`);
  return 0;
}

/** Best matches first, as in `rolecall use`. */
function search(roles: readonly RoleDocument[], query: string): RoleDocument[] {
  const { positions, count } = createRoleIndex(roles).search(query);
  return Array.from(positions)
    .slice(0, count(BY_ID))
    .flatMap((position) => roles[position] ?? []);
}
