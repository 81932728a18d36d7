// `rolecall profiles adopt`: converts profiles of other tools to rolecall, after asking, and can undo it.
import { UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { parseStartUrl } from '../../../core/aws/start-url.ts';
import type { AdoptionDocument, AdoptionRequestDocument } from '../../../local-api/schemas.ts';
import type { DaemonAccess, Dialog, Output, Places } from '../../context.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import type { FitStep } from '../../terminal/fit-columns.ts';
import { count, createPainter, formatTableFor, harmless, reportNote, shortenPath } from '../../terminal/render.ts';
import { createInterview } from '../../terminal/interview.ts';
import { TOOL_NAMES, type Tool } from '../../tool-names.ts';

type Context = DaemonAccess & Dialog & Output & Places;

export interface AdoptOptions {
  readonly from?: readonly string[];
  readonly undo?: boolean;
  /** Only profiles of this sso-session. */
  readonly session?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** What fits on a screen; --dry-run and --json show everything. */
const MAX_ROWS = 30;
const MAX_DIFF_LINES = 300;
/** The sso-session gives way first, then profile and permission set share what is left. */
const STEPS: readonly FitStep[] = [
  { columns: [2], least: 12 },
  { columns: [0, 4], least: 16 },
  { columns: [0, 4], least: 8 },
];

export async function runProfilesAdopt(options: AdoptOptions, context: Context): Promise<number> {
  const request: AdoptionRequestDocument = {
    ...(options.from === undefined ? {} : { from: options.from.map(checkSource) }),
    ...(options.undo === true ? { undo: true } : {}),
    ...(options.session === undefined ? {} : { session: options.session }),
  };
  const interview = createInterview(context, {
    isQuiet: options.yes === true || options.json === true,
    command: 'rolecall profiles adopt',
  });
  const isAsked = options.dryRun !== true && options.yes !== true;
  if (isAsked && !interview.isOpen) {
    throw new UsageError(
      'usage',
      `${options.json === true ? 'With --json nobody is asked' : 'Not a terminal'}: pass --yes to apply without asking, or --dry-run to see the change.`,
      {
        hint: options.undo === true ? 'rolecall profiles adopt --undo --dry-run' : 'rolecall profiles adopt --dry-run',
      },
    );
  }
  const plan =
    options.yes === true && options.dryRun !== true ? undefined : await send({ ...request, dryRun: true }, context);
  if (plan !== undefined) {
    await show(plan, options, context);
    if (options.dryRun === true || plan.diff === '') return 0;
    const question =
      options.undo === true
        ? 'Undo the last adoption?'
        : `Change ${shortenPath(plan.configFile, context.homeDirectory)}?`;
    if (!(await interview.confirm(question, false))) {
      context.stderr.write(`Nothing was changed.${options.undo === true ? '' : ' Later: rolecall profiles adopt'}\n`);
      return 0;
    }
  }
  const done = await send(request, context);
  if (plan === undefined) await show(done, options, context);
  if (options.json !== true) reportDone(done, options, context);
  return 0;
}

function send(body: AdoptionRequestDocument, context: Context): Promise<AdoptionDocument> {
  return context.client.call('adoptProfiles', { body }, { signal: context.signal });
}

function isOfAws(startUrl: string): boolean {
  try {
    return parseStartUrl(startUrl).isAws;
  } catch {
    return false;
  }
}

function checkSource(text: string): Tool {
  if (Object.hasOwn(TOOL_NAMES, text)) return text as Tool;
  throw new UsageError('usage', `--from is one of ${Object.keys(TOOL_NAMES).join(', ')}, not "${text}".`, {
    hint: 'rolecall profiles adopt --help',
  });
}

async function show(plan: AdoptionDocument, options: AdoptOptions, context: Context): Promise<void> {
  if (options.json === true) {
    context.stdout.write(formatJson(plan));
    return;
  }
  const paint = createPainter(context.stdout, context.environment);
  const file = harmless(shortenPath(plan.configFile, context.homeDirectory));
  const { adopted, newSessions } = plan;
  if (options.undo === true) {
    const length = plan.diff.split('\n').length;
    if (plan.diff === '') context.stdout.write(`Nothing to undo in ${file}.\n`);
    else if (options.dryRun === true || length <= MAX_DIFF_LINES) context.stdout.write(formatDiff(plan.diff, paint));
    else context.stdout.write(`The change has ${length} lines. To see it: rolecall profiles adopt --undo --dry-run\n`);
    return;
  }
  for (const { session, startUrl, region } of newSessions) {
    context.stdout.write(
      `New sso-session ${paint('bold', harmless(session))}: ${harmless(startUrl)} in ${harmless(region)}\n`,
    );
    if (isOfAws(startUrl)) continue;
    reportNote(`${startUrl} is not an AWS address. Sign in there only if you know it.`, context);
  }
  if (adopted.length > 0) {
    const rows = adopted
      .slice(0, MAX_ROWS)
      .map((profile) => [
        harmless(profile.profileName),
        TOOL_NAMES[profile.source],
        harmless(profile.session),
        profile.accountId,
        harmless(profile.permissionSet),
      ]);
    const titles = ['PROFILE', 'FROM', 'SSO-SESSION', 'ACCOUNT ID', 'PERMISSION SET'];
    const { text } = await formatTableFor(context.stdout, [titles, ...rows], { steps: STEPS });
    const [head = '', ...lines] = text.split(/(?<=\n)/);
    context.stdout.write(paint('dim', head) + lines.join(''));
    if (adopted.length > MAX_ROWS) context.stdout.write(`… and ${adopted.length - MAX_ROWS} more\n`);
  }
  // A long diff would scroll the table off the screen.
  if (plan.diff !== '' && (options.dryRun === true || adopted.length <= MAX_ROWS)) {
    context.stdout.write(`\n${formatDiff(plan.diff, paint)}`);
  }
  if (plan.diff === '') {
    context.stdout.write(
      plan.left.length === 0
        ? `Nothing to adopt: ${file} has no such profiles outside rolecall's block.\n`
        : 'Nothing to adopt.\n',
    );
  }
  for (const { profileName, line, source, reason } of plan.left) {
    context.stderr.write(
      `Unchanged: ${harmless(profileName)} (${TOOL_NAMES[source]}, line ${line}): ${harmless(reason)}.\n`,
    );
  }
}

function reportDone(done: AdoptionDocument, options: AdoptOptions, context: Context): void {
  const file = harmless(shortenPath(done.configFile, context.homeDirectory));
  if (!done.written) return;
  if (options.undo === true) {
    context.stderr.write(`Restored ${file}, byte for byte outside rolecall's own block.\n`);
    return;
  }
  const what = [
    ...(done.adopted.length === 0 ? [] : [`${count(done.adopted.length, 'profile')} adopted`]),
    ...(done.newSessions.length === 0 ? [] : [`${count(done.newSessions.length, 'sso-session')} added`]),
  ];
  context.stderr.write(`${file}: ${what.join(', ')}. To undo: rolecall profiles adopt --undo\n`);
  for (const note of done.notes) context.stderr.write(`Note: ${harmless(note)}\n`);
}
