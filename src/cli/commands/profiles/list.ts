// `rolecall profiles list`: the profiles that rolecall writes, with what is left out and why.
import { formatJson } from '../../../core/text/format-json.ts';
import { titleOfRole } from '../../../core/text/role-title.js';
import type { CliContext, DaemonAccess, Output, Places } from '../../context.ts';
import type { FitStep } from '../../terminal/fit-columns.ts';
import { count, createPainter, formatTableFor, harmless, reportFailure } from '../../terminal/render.ts';
import {
  describeUnwritten,
  reportKept,
  reportLoginProfiles,
  reportNoProfiles,
  reportSkipped,
} from './describe-plan.ts';

export interface ProfilesListOptions {
  readonly json?: boolean;
  readonly wide?: boolean;
  readonly pager: boolean;
}

/** The account gives way first, then profile and permission set share what is left; account ids stay whole. */
const STEPS: readonly FitStep[] = [
  { columns: [2], least: 16, orDrop: true },
  { columns: [0, 3], least: 16 },
  { columns: [4], least: 0, orDrop: true },
  { columns: [0, 3], least: 8 },
];

export async function runProfilesList(
  options: ProfilesListOptions,
  context: DaemonAccess & Output & Places & Pick<CliContext, 'page'>,
): Promise<number> {
  const document = await context.client.call('profiles', {}, { signal: context.signal });
  if (options.json === true) {
    context.stdout.write(formatJson(document));
    return 0;
  }
  if (document.profiles.length === 0 && (document.unwritten ?? 0) === 0) {
    reportNoProfiles(document, context);
    reportSkipped(document, context);
    reportLoginProfiles(document, context);
    return 0;
  }
  const paint = createPainter(context.stdout, context.environment);
  const rows = document.profiles.map((profile) => [
    [profile.profileName, ...(profile.aliases ?? [])].map(harmless).join(', '),
    profile.accountId,
    harmless(profile.accountName ?? '-'),
    harmless(titleOfRole(profile)),
    harmless(profile.region),
  ]);
  const titles = ['PROFILE', 'ACCOUNT ID', 'ACCOUNT', 'PERMISSION SET', 'REGION'];
  const { text, leftOut } = await formatTableFor(context.stdout, [titles, ...rows], {
    steps: STEPS,
    isWide: options.wide === true,
  });
  const [first = '', ...others] = text.split(/(?<=\n)/);
  await context.page(paint('dim', first) + others.join(''), {
    keepsRows: options.wide === true,
    usesPager: options.pager,
  });
  if (leftOut !== undefined) context.stderr.write(`${leftOut}\n`);
  const pending = document.added.length + document.removed.length + document.changed.length;
  if (pending > 0) context.stderr.write(`${count(pending, 'change')} not yet written: rolecall profiles sync\n`);
  if ((document.unwritten ?? 0) > 0) context.stderr.write(`${describeUnwritten(document).trim()}\n`);
  reportKept(document, context);
  reportSkipped(document, context);
  reportLoginProfiles(document, context);
  const { conflict } = document;
  if (conflict !== undefined) reportFailure(conflict, context);
  return 0;
}
