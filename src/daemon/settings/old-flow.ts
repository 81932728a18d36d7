// `flow = "pkce"`, which earlier versions accepted although it never did anything: it is ignored, with a note.
import type { Problem } from '../../core/problems.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { findTomlLine } from './toml-lines.ts';

type Table = Record<string, unknown>;

/** Removes the keys from a parsed config.toml. An unused key must not keep the daemon from starting after an update. */
export function removeOldFlows(parsed: unknown): void {
  for (const [holder] of holdersOf(parsed)) delete holder['flow'];
}

/** One note for all keys in the file; the hint opens the first one. */
export function describeOldFlows(path: string, text: string, parsed: unknown): Problem[] {
  const [first] = holdersOf(parsed);
  if (first === undefined) return [];
  return [
    {
      code: 'settings-without-effect',
      message: `${path} has flow = "pkce", which does not exist; it is ignored, as it always was.`,
      hint: editCommand(path, findTomlLine(text, first[1])),
    },
  ];
}

/** Tables with `flow = "pkce"`, and the path of that key. */
function holdersOf(parsed: unknown): [Table, string[]][] {
  const file = toTable(parsed);
  const sessions = Object.entries(toTable(file['session'])).map(([name, session]): [Table, string[]] => [
    toTable(session),
    ['session', name, 'flow'],
  ]);
  return [[file, ['flow']] as [Table, string[]], ...sessions].filter(([holder]) => holder['flow'] === 'pkce');
}

const toTable = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
