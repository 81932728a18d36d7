// `rolecall profiles sync`: writes the profiles, or shows what would change.
import { errorFromBody } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { CliContext, DaemonAccess, Output, Places } from '../../context.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { createPainter, shortenPath } from '../../terminal/render.ts';
import { describeSync, reportKept, reportNoProfiles, reportSkipped } from './describe-plan.ts';

export interface ProfilesSyncOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly pager: boolean;
  readonly prune?: boolean;
}

export async function runProfilesSync(
  options: ProfilesSyncOptions,
  context: DaemonAccess & Output & Places & Pick<CliContext, 'page'>,
): Promise<number> {
  const isDryRun = options.dryRun === true;
  const prune = options.prune === true;
  const { client, signal } = context;
  const document = isDryRun
    ? await client.call('profiles', { query: { prune } }, { signal })
    : await client.call('syncProfiles', { body: { prune } }, { signal });
  if (options.json === true) {
    context.stdout.write(formatJson(document));
    if (document.conflict !== undefined) throw errorFromBody(document.conflict);
    return 0;
  }
  const file = shortenPath(document.configFile, context.homeDirectory);
  if (isDryRun) {
    const text =
      document.diff === ''
        ? `${file} is up to date.\n`
        : formatDiff(document.diff, createPainter(context.stdout, context.environment));
    await context.page(text, { usesPager: options.pager });
  } else {
    context.stdout.write(`${describeSync(document, file)}\n`);
  }
  if (document.profiles.length === 0 && (document.unwritten ?? 0) === 0) reportNoProfiles(document, context);
  reportKept(document, context);
  reportSkipped(document, context);
  if (document.conflict !== undefined) throw errorFromBody(document.conflict);
  return 0;
}
