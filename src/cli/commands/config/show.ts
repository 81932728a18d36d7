// `rolecall config show`: the settings in force with the origin of each.
import { formatJson, formatJsonLine } from '../../../core/text/format-json.ts';
import type { DescribedSetting } from '../../../local-api/settings-description.ts';
import type { CliContext, Output, Places } from '../../context.ts';
import type { FitStep } from '../../terminal/fit-columns.ts';
import { createPainter, formatTableFor, harmless, shortenPath } from '../../terminal/render.ts';

/** Long values give way first; keys and origins stay whole while they can. */
const STEPS: readonly FitStep[] = [
  { columns: [1], least: 10 },
  { columns: [0, 2], least: 12 },
];

/** @throws RolecallError: the settings are not valid */
export async function runConfigShow(
  { json, wide }: { readonly json?: boolean; readonly wide?: boolean },
  context: Output & Pick<Places, 'homeDirectory'> & Pick<CliContext, 'describeSettings'>,
): Promise<number> {
  const description = await context.describeSettings();
  if (json === true) {
    context.stdout.write(formatJson(description));
    return 0;
  }
  const { path, exists, teamPath, settings } = description;
  const paint = createPainter(context.stdout, context.environment);
  const shorten = (file: string) => harmless(shortenPath(file, context.homeDirectory));
  const heads = [`${shorten(path)}${exists ? '' : ' (does not exist)'}`];
  if (teamPath !== null) heads.push(`${shorten(teamPath)} (of your team)`);
  context.stdout.write(`${heads.join('\n')}\n\n`);
  const { text, leftOut } = await formatTableFor(
    context.stdout,
    settings.map((setting) => [setting.key, formatValue(setting.value), describeOrigin(setting)].map(harmless)),
    { steps: STEPS, isWide: wide === true },
  );
  for (const [index, line] of text.trimEnd().split('\n').entries()) {
    context.stdout.write(`${settings[index]?.origin === 'default' ? paint('dim', line) : line}\n`);
  }
  if (leftOut !== undefined) context.stderr.write(`${leftOut}\n`);
  return 0;
}

function describeOrigin({ origin, line, variable }: DescribedSetting): string {
  if (origin === 'environment') return variable ?? '';
  if (origin === 'default') return 'default';
  return `${origin === 'team' ? 'team.toml' : 'config.toml'}, line ${line}`;
}

/** As in a TOML file. */
function formatValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return formatJsonLine(value).trimEnd();
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key} = ${formatValue(inner)}`)
    .join(', ')} }`;
}
