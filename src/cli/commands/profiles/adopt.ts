// `rolecall profiles adopt`: shows which profiles would be led to rolecall, asks, and can put everything back.
import { UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { parseStartUrl } from '../../../core/aws/start-url.ts';
import type { AdoptionDocument, AdoptionWishDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { count, createPainter, formatTable, harmless, shortenPath } from '../../terminal/render.ts';
import { createInterview } from '../../terminal/interview.ts';

export interface AdoptOptions {
  readonly from?: readonly string[];
  readonly undo?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

type Source = NonNullable<AdoptionWishDocument['from']>[number];

const SOURCES: Readonly<Record<Source, string>> = {
  aws: 'AWS CLI',
  'aws-sso': 'aws-sso-cli',
  granted: 'Granted',
  'aws-vault': 'aws-vault',
  leapp: 'Leapp',
};
/** As many as fit a screen; --dry-run and --json have all. */
const MOST_ROWS = 30;
const MOST_DIFF_LINES = 300;

export async function runProfilesAdopt(options: AdoptOptions, context: CliContext): Promise<number> {
  const wish: AdoptionWishDocument = {
    ...(options.from === undefined ? {} : { from: options.from.map(checkSource) }),
    ...(options.undo === true ? { undo: true } : {}),
  };
  const interview = createInterview(context, {
    isQuiet: options.yes === true || options.json === true,
    command: 'rolecall profiles adopt',
  });
  const isAsked = options.dryRun !== true && options.yes !== true;
  if (isAsked && !interview.isOpen) {
    throw new UsageError('usage', 'Without a terminal, profiles adopt needs --dry-run or --yes.', {
      hint: 'rolecall profiles adopt --dry-run',
    });
  }
  const plan =
    options.yes === true && options.dryRun !== true ? undefined : await send({ ...wish, dryRun: true }, context);
  if (plan !== undefined) {
    show(plan, options, context);
    if (options.dryRun === true || plan.diff === '') return 0;
    const question =
      options.undo === true
        ? 'Put the file of before back?'
        : `Change ${shortenPath(plan.configFile, context.homeDirectory)}?`;
    if (!(await interview.confirm(question, false))) {
      context.stderr.write('Nothing was changed.\n');
      return 0;
    }
  }
  const done = await send(wish, context);
  if (plan === undefined) show(done, options, context);
  if (options.json !== true) tellDone(done, options, context);
  return 0;
}

function send(body: AdoptionWishDocument, context: CliContext): Promise<AdoptionDocument> {
  return context.client.call('adoptProfiles', { body }, { signal: context.signal });
}

function isOfAws(startUrl: string): boolean {
  try {
    return parseStartUrl(startUrl).isAws;
  } catch {
    return false;
  }
}

function checkSource(text: string): Source {
  if (Object.hasOwn(SOURCES, text)) return text as Source;
  throw new UsageError('usage', `--from is one of ${Object.keys(SOURCES).join(', ')}, not "${text}".`, {
    hint: 'rolecall profiles adopt --help',
  });
}

function show(plan: AdoptionDocument, options: AdoptOptions, context: CliContext): void {
  if (options.json === true) {
    context.stdout.write(formatJson(plan));
    return;
  }
  const paint = createPainter(context.stdout, context.environment);
  const file = harmless(shortenPath(plan.configFile, context.homeDirectory));
  const { adopted, newSessions } = plan;
  if (options.undo === true) {
    const length = plan.diff.split('\n').length;
    if (plan.diff === '') context.stdout.write(`${file} is as it was before.\n`);
    else if (options.dryRun === true || length <= MOST_DIFF_LINES) context.stdout.write(formatDiff(plan.diff, paint));
    else context.stdout.write(`A change of ${length} lines; to see it: rolecall profiles adopt --undo --dry-run\n`);
    return;
  }
  for (const { session, startUrl, region } of newSessions) {
    context.stdout.write(
      `New sso-session ${paint('bold', harmless(session))}: ${harmless(startUrl)} in ${harmless(region)}\n`,
    );
    if (isOfAws(startUrl)) continue;
    const note = `${harmless(startUrl)} is not an address of AWS; sign in there only if you know it.`;
    context.stderr.write(`${paint('yellow', 'Note:')} ${note}\n`);
  }
  if (adopted.length > 0) {
    const rows = adopted
      .slice(0, MOST_ROWS)
      .map((profile) => [
        harmless(profile.profileName),
        SOURCES[profile.source],
        harmless(profile.session),
        profile.accountId,
        harmless(profile.permissionSet),
      ]);
    const [head = '', ...lines] = formatTable([
      ['PROFILE', 'FROM', 'SSO-SESSION', 'ACCOUNT ID', 'PERMISSION SET'],
      ...rows,
    ]).split(/(?<=\n)/);
    context.stdout.write(paint('dim', head) + lines.join(''));
    if (adopted.length > MOST_ROWS) context.stdout.write(`… and ${adopted.length - MOST_ROWS} more\n`);
  }
  // The table says it already when a diff of thousands of lines would push it off the screen.
  if (plan.diff !== '' && (options.dryRun === true || adopted.length <= MOST_ROWS)) {
    context.stdout.write(`\n${formatDiff(plan.diff, paint)}`);
  }
  if (plan.diff === '') {
    context.stdout.write(
      plan.left.length === 0
        ? `Nothing to adopt: ${file} has no such profile outside of rolecall's own.\n`
        : 'Nothing to adopt.\n',
    );
  }
  for (const { profileName, line, source, reason } of plan.left) {
    context.stderr.write(
      `Left as it is: ${harmless(profileName)} (${SOURCES[source]}, line ${line}): ${harmless(reason)}.\n`,
    );
  }
}

function tellDone(done: AdoptionDocument, options: AdoptOptions, context: CliContext): void {
  const file = harmless(shortenPath(done.configFile, context.homeDirectory));
  if (!done.written) return;
  if (options.undo === true) {
    context.stderr.write(`${file} is as it was before, byte for byte outside of rolecall's own block.\n`);
    return;
  }
  const what = [
    ...(done.adopted.length === 0 ? [] : [`${count(done.adopted.length, 'profile')} adopted`]),
    ...(done.newSessions.length === 0 ? [] : [`${count(done.newSessions.length, 'sso-session')} added`]),
  ];
  context.stderr.write(
    `${file}: ${what.join(', ')}. To have the file of before back: rolecall profiles adopt --undo\n`,
  );
  for (const note of done.notes) context.stderr.write(`Note: ${harmless(note)}\n`);
}
