// `rolecall log --verify`: checks the hash chain of the audit log, and names the first line that is not as it was written.
import { formatJson } from '../../../core/text/format-json.ts';
import { checkLog, type LogCheck } from '../../../platform/files/check-log.ts';
import type { ChainFault, LinePlace } from '../../../platform/files/chain-check.ts';
import { toFileError } from '../../../platform/files/file-error.ts';
import type { Output, Places } from '../../context.ts';
import { count, createPainter, harmless, printText } from '../../terminal/render.ts';

const EXIT_NOT_INTACT = 1;

/** Prints the result. The exit code is 1 if a line was changed or is missing. */
export async function verifyLog({ asJson }: { readonly asJson: boolean }, context: Output & Places): Promise<number> {
  const { auditFile } = context.paths;
  const times: { first?: string; last?: string; attempt: number } = { attempt: 0 };
  const onLine = (text: string, _place: LinePlace, attempt: number) => {
    const [, at] = /^\{"at":"([^"]{1,40})"/u.exec(text) ?? [];
    if (attempt !== times.attempt) Object.assign(times, { first: at, last: at, attempt });
    if (at !== undefined) Object.assign(times, { first: times.first ?? at, last: at });
  };
  const check = await checkLog(auditFile, { onLine }).catch((error: unknown) => {
    throw toFileError(error, auditFile, 'read');
  });
  const { fault, head, intact, unchained, torn, paths } = check;
  const isIntact = fault === undefined;
  if (asJson) {
    const { first = null, last = null } = times;
    const lines = { intact, withoutHash: unchained, torn };
    context.stdout.write(
      formatJson({
        intact: isIntact,
        isIntact,
        lines,
        from: first,
        to: last,
        files: paths,
        head: head ?? null,
        fault: fault ?? null,
      }),
    );
  } else await printText(describe(check, times, context), context);
  return isIntact ? 0 : EXIT_NOT_INTACT;
}

function describe(
  { fault, head, intact, unchained, torn, paths }: LogCheck,
  { first, last }: { readonly first?: string; readonly last?: string },
  context: Output & Places,
): string {
  const paint = createPainter(context.stdout, context.environment);
  if (paths.length === 0 && fault === undefined) return 'There is no audit log yet.\n';
  const span = first === undefined || last === undefined ? '' : `, from ${harmless(first)} to ${harmless(last)}`;
  const notes = [
    unchained > 0 &&
      `${count(unchained, 'line')} at the beginning ${unchained === 1 ? 'is' : 'are'} from a version without hashes, and can't be checked.`,
    torn > 0 &&
      `${count(torn, 'line')} ${torn === 1 ? 'was' : 'were'} torn by a crash or a full disk. No other line is affected.`,
  ];
  const lines = [
    `${count(intact, 'line')} checked${span}.`,
    ...paths.map((path) => `  ${harmless(path)}`),
    ...notes.filter((note) => note !== false),
    fault === undefined
      ? paint('green', 'Intact: no line was changed, and none is missing.')
      : paint('red', `Not intact: ${describeFault(fault)}`),
    ...(fault === undefined && head !== undefined ? [`Last line: ${head.seq} ${head.hash}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function describeFault(fault: ChainFault): string {
  switch (fault.kind) {
    case 'changed':
      return `line ${fault.seq} was changed (${describePlace(fault.place)}).`;
    case 'replaced':
      return `line ${fault.seq} and those before it were replaced by others (${describePlace(fault.place)}).`;
    case 'unchained':
      return `a line without a hash is in the place of line ${fault.seq} (${describePlace(fault.place)}). An older version or another program wrote it.`;
    case 'missing':
      return `${describeRange(fault)} missing before ${describePlace(fault.place)}.`;
    case 'moved':
      return `line ${fault.from} is not in its place (${describePlace(fault.place)}).`;
    case 'start-missing':
      return `${describeRange(fault)} missing at the beginning.`;
    case 'end-missing':
      return `${describeRange(fault)} missing at the end.`;
    case 'no-head':
      return 'the file audit.log.head is gone, so lines that are missing at the end would not be noticed.';
  }
}

const describePlace = ({ path, number }: LinePlace) => `${harmless(path)}:${number}`;

function describeRange({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? `line ${from} is` : `${to - from + 1} lines, ${from} to ${to}, are`;
}
