// `rolecall --help`: the commands by section, with examples. Needs neither the parser nor the definitions of the commands.
import type { OutputStream } from './context.ts';
import type { HelpSection } from './definition.ts';
import { OVERVIEW } from './overview.ts';
import { displayWidth, wrapWords } from './terminal/display-width.ts';

export const ABOUT =
  'Signs in to IAM Identity Center once and keeps AWS role credentials fresh for everything on this machine.';
export const MAX_COLUMNS = 80;
const MIN_COLUMNS = 40;

const TITLES: Readonly<Record<HelpSection, string>> = {
  daily: 'Daily',
  setup: 'Setup',
  integrations: 'Integrations',
  troubleshooting: 'Troubleshooting and trying out',
};

type Rows = readonly (readonly [term: string, text: string])[];

const OPTIONS = [
  ['-h, --help', 'show this help, or with a command its options and examples'],
  ['-V, --version', 'print the versions of this command, of Node and of the daemon'],
  ['--debug', 'print requests to the daemon, and the causes of an error'],
  ['--color <when>', 'always, never or auto, which is the default'],
] as const satisfies Rows;

const EXAMPLES = [
  ['rolecall login', 'sign in once a day'],
  ['rolecall use prod read', 'switch this shell to the role that matches'],
  ['rolecall exec prod -- aws s3 ls', 'run one command as another role'],
  ['rolecall console prod', 'open the AWS console'],
] as const satisfies Rows;

/** The width of help for `stream`: lines of more than 80 columns are hard to read. */
export function helpColumns(stream: OutputStream): number {
  const columns = stream.isTTY === true ? (stream.columns ?? MAX_COLUMNS) : MAX_COLUMNS;
  return Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, columns));
}

/** `text` as it is if it fits into `columns`; else its paragraphs are filled anew. Examples, which have an indent, stay. */
export function fillParagraphs(text: string, columns: number): string {
  const lines = text.split('\n');
  if (lines.every((line) => displayWidth(line) <= columns)) return text;
  const isProse = (line: string | undefined) => line !== undefined && /^\S/.test(line);
  const paragraphs: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (isProse(line) && isProse(lines[index - 1])) paragraphs.push(`${paragraphs.pop() ?? ''} ${line}`);
    else paragraphs.push(line);
  }
  return paragraphs.flatMap((line) => (isProse(line) ? wrapWords(line, columns) : [line])).join('\n');
}

/** The whole text, with lines of at most `columns`. */
export function formatOverview(columns: number): string {
  const sections = (Object.keys(TITLES) as HelpSection[]).map((section): readonly [string, Rows] => [
    `${TITLES[section]}:`,
    Object.entries(OVERVIEW[section]),
  ]);
  const blocks = [
    `${wrapWords(ABOUT, columns).join('\n')}\n`,
    'Usage: rolecall <command> [options]\n',
    ...sections.map(([title, rows]) => `${title}\n${formatRows(rows, columns)}`),
    `Options:\n${formatRows(OPTIONS, columns)}`,
    `Examples:\n${formatRows(EXAMPLES, columns)}`,
    'Start your day with: rolecall login\n',
  ];
  return blocks.join('\n');
}

/** Prints it on stdout, as `rolecall` without arguments also does. */
export function printOverview({ stdout }: { readonly stdout: OutputStream }): number {
  stdout.write(formatOverview(helpColumns(stdout)));
  return 0;
}

/** Two columns; in a narrow terminal the text of a long term goes below it. */
function formatRows(rows: Rows, columns: number): string {
  const width = Math.min(Math.max(...rows.map(([term]) => term.length)), Math.floor(columns / 2));
  return rows
    .map(([term, text]) => {
      const lines = wrapWords(text, columns - width - 4);
      const [first = '', ...others] = term.length > width ? ['', ...lines] : lines;
      const indent = ' '.repeat(width + 4);
      return [`  ${term.padEnd(width)}  ${first}`.trimEnd(), ...others.map((line) => indent + line)].join('\n');
    })
    .map((row) => `${row}\n`)
    .join('');
}
