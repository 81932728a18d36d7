// Plans and makes the changes that put the shell hook and completions into every new shell, or remove them again.
import { RolecallError, UnavailableError } from '../../core/errors.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { HOOK_SHELLS, type HookShell } from './hook-text.ts';
import { addBlock, outsideBlock, removeBlock, type BrokenMarkers } from './marked-block.ts';
import {
  fishFilesOf,
  handMadeFilesOf,
  initFileOf,
  loadingLine,
  possibleStartFiles,
  startFileOf,
  type ShellPlaces,
} from './start-file.ts';
import {
  applyUserFileChange,
  checkUserFile,
  fromBytes,
  readUserFile,
  toBytes,
  type UserFileChange,
} from './user-file.ts';

export interface ShellChange extends UserFileChange {
  /** `start-file`: the user's own, of which only our lines change. `whole`: written by rolecall alone. */
  readonly kind: 'start-file' | 'whole';
  /** Of a start file; empty for a file of ours, which has hundreds of lines. */
  readonly diff: string;
  /** The line to add by hand if the start file cannot be changed. */
  readonly byHand?: string;
}

/** A line outside our markers that loads rolecall. */
export interface HandWrittenLine {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export interface ShellPlan {
  /** Only files that change. */
  readonly changes: readonly ShellChange[];
  readonly handWritten: readonly HandWrittenLine[];
  /** Files with lines of ours that cannot be changed; each message says what to do by hand. */
  readonly problems: readonly RolecallError[];
}

export interface ShellTexts {
  readonly hook: string;
  readonly completion: string;
}

/** What each file of ours begins with. */
const OWN_FILE = /^(# rolecall's hook for |# Completions of rolecall for |#compdef rolecall\n)/;
const LOADS_ROLECALL = /rolecall\/(?:hook|completion|init)\.|\brolecall (?:shell-init|completion)\b/;
const LOADS_HOOK = /rolecall\/(?:hook|init)\.|\brolecall shell-init\b/;

/**
 * What `rolecall shell-init --install` changes; no start file in which a line that the user wrote loads the hook already.
 * A start file that cannot be changed is a problem, whose message has the line to add by hand.
 * @throws UnavailableError file-not-writable: a file of ours cannot be written
 */
export async function planShellInstall(shell: HookShell, texts: ShellTexts, places: ShellPlaces): Promise<ShellPlan> {
  if (shell === 'fish') {
    const files = fishFilesOf(places);
    const changes = [
      await planOwnFile(files.hook, texts.hook, places),
      await planOwnFile(files.completion, texts.completion, places),
    ];
    return { changes: changes.filter(isChange), handWritten: [], problems: [] };
  }
  const path = startFileOf(shell, places);
  const line = loadingLine(shell, path, places);
  const ownFile = await planOwnFile(initFileOf(shell, places), `${texts.hook}${texts.completion}`, places);
  try {
    const startFile = await explainedByHand(line, () => planStartFile(path, line, places));
    if ('kind' in startFile) {
      // Our file first: a start file never loads one that is not there.
      const changes = [ownFile, { ...startFile, byHand: line }];
      return { changes: changes.filter(isChange), handWritten: [], problems: [] };
    }
    const isUsed = startFile.some(({ text }) => text.includes('rolecall/init.'));
    return { changes: isUsed ? [ownFile].filter(isChange) : [], handWritten: startFile, problems: [] };
  } catch (error) {
    if (!(error instanceof RolecallError)) throw error;
    // The line that the user adds by hand loads our file.
    return { changes: [ownFile].filter(isChange), handWritten: [], problems: [error] };
  }
}

/** The change of the start file, or the lines in it by which the user loads the hook already. */
async function planStartFile(
  path: string,
  line: string,
  places: ShellPlaces,
): Promise<ShellChange | readonly HandWrittenLine[]> {
  const before = await readUserFile(path);
  const handWritten = findHandWritten(path, before ?? '').filter(({ text }) => LOADS_HOOK.test(text));
  if (handWritten.length > 0) return handWritten;
  const after = addBlock(before, [
    '# Hook and completions. To remove them: rolecall shell-init --uninstall',
    toBytes(line),
  ]);
  if (typeof after !== 'string') throw brokenMarkers(path, after);
  if (after !== before) await checkUserFile(path, places.userId, false);
  return startFileChange(path, before, after);
}

/** What `rolecall shell-init --uninstall` changes, for some shells or all of them. Never rejects because of one file. */
export async function planShellRemoval(
  places: ShellPlaces,
  shells: readonly HookShell[] = HOOK_SHELLS,
): Promise<ShellPlan> {
  const changes: ShellChange[] = [];
  const handWritten: HandWrittenLine[] = [];
  const problems: RolecallError[] = [];
  const attempt = async (plan: () => Promise<ShellChange | undefined>) => {
    try {
      const change = await plan();
      if (change === undefined || !isChange(change)) return;
      await checkUserFile(change.path, places.userId, false);
      changes.push(change);
    } catch (error) {
      if (!(error instanceof RolecallError)) throw error;
      problems.push(error);
    }
  };
  for (const shell of shells) {
    let isUsedByHand = false;
    if (shell !== 'fish') {
      for (const path of possibleStartFiles(shell, places)) {
        await attempt(async () => {
          const before = await readUserFile(path);
          if (before === undefined) return undefined;
          const lines = findHandWritten(path, before);
          handWritten.push(...lines);
          isUsedByHand ||= lines.length > 0;
          const after = removeBlock(before);
          if (after !== undefined && typeof after !== 'string') throw brokenMarkers(path, after);
          return startFileChange(path, before, after);
        });
      }
    }
    const own =
      shell === 'fish'
        ? Object.values(fishFilesOf(places))
        : [initFileOf(shell, places), ...(isUsedByHand ? [] : handMadeFilesOf(shell, places))];
    for (const path of own) {
      await attempt(async () => {
        const before = await readUserFile(path);
        if (before === undefined || !OWN_FILE.test(before)) return undefined;
        return { kind: 'whole', path, before, after: undefined, diff: '' };
      });
    }
  }
  return { changes, handWritten, problems };
}

/** @throws ConflictError config-changed-meanwhile; UnavailableError file-not-writable: the files before that one have changed */
export async function applyShellPlan({ changes }: Pick<ShellPlan, 'changes'>): Promise<void> {
  for (const change of changes) {
    const { byHand } = change;
    if (byHand === undefined) await applyUserFileChange(change, 'rolecall shell-init --uninstall');
    else await explainedByHand(byHand, () => applyUserFileChange(change, 'rolecall shell-init --install'));
  }
}

const isChange = ({ before, after }: ShellChange) => before !== after;

function startFileChange(path: string, before: string | undefined, after: string | undefined): ShellChange {
  const diff = unifiedDiff(fromBytes(before ?? ''), fromBytes(after ?? ''), path);
  return { kind: 'start-file', path, before, after, diff };
}

async function planOwnFile(path: string, text: string, { userId }: ShellPlaces): Promise<ShellChange> {
  const before = await readUserFile(path);
  if (before !== undefined && !OWN_FILE.test(before)) {
    throw new UnavailableError('file-not-writable', `${path} is not a file of rolecall, so it stays as it is.`, {
      hint: 'rolecall shell-init --help',
    });
  }
  await checkUserFile(path, userId, true);
  return { kind: 'whole', path, before, after: toBytes(text), diff: '' };
}

function findHandWritten(path: string, bytes: string): HandWrittenLine[] {
  return outsideBlock(fromBytes(bytes))
    .split('\n')
    .map((text, index) => ({ path, line: index + 1, text: text.trim() }))
    .filter(({ text }) => !text.startsWith('#') && LOADS_ROLECALL.test(text));
}

/** Adds the line to type to an error of the start file. */
async function explainedByHand<T>(line: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    throw new UnavailableError('file-not-writable', `${error.message} You can add the line yourself: '${line}'.`, {
      hint: error.hint,
      cause: error,
    });
  }
}

function brokenMarkers(path: string, { broken }: BrokenMarkers): UnavailableError {
  const line = /^line (\d+)/.exec(broken)?.[1];
  return new UnavailableError('file-not-writable', `${path} stays as it is: ${broken}.`, {
    hint: editCommand(path, line === undefined ? undefined : Number(line)),
  });
}
