// Finds the program on whose behalf a process asks: walks up from curl, our own scripts and shells to what started them.
import type { Program, ProgramProcess } from '../../core/program.ts';
import { describeProcess, type DescribedProcess } from './describe-process.ts';

/** Enough for the program, its wrappers and the parents that are reported. */
const MAX_PROCESSES = 16;
const MAX_PARENTS = 8;

/**
 * The program behind a process; undefined if the process has ended. `ownFiles` are rolecall's scripts by their real path:
 * a program of another name can't pass for one of these, while a program that starts them can of course give them orders.
 */
export async function findAskingProgram(
  processId: number,
  options: {
    readonly ownFiles: ReadonlySet<string>;
    /** Whether the kernel named the process. Otherwise the caller named the one that started it. */
    readonly isVerified: boolean;
    readonly procPath?: string;
  },
): Promise<Program | undefined> {
  const chain = await describeWithParents(processId, options.procPath);
  const index = findAskingIndex(chain, options);
  const program = chain[index];
  if (program === undefined) return undefined;
  const { executable, script, startedAtTicks, workingDirectory, terminal, sessionId } = program;
  return {
    processId: program.processId,
    startedAtTicks,
    executable,
    script,
    workingDirectory,
    terminal,
    sessionId,
    parents: chain.slice(index + 1, index + 1 + MAX_PARENTS).map(toParent),
    // An agent sets the variables for what it starts, and has none itself.
    agent: chain.find(({ agent }) => agent !== undefined)?.agent ?? null,
    isVerified: options.isVerified,
  };
}

/** The process and its parents, the nearest first. */
async function describeWithParents(
  processId: number,
  procPath: string | undefined,
): Promise<readonly DescribedProcess[]> {
  const chain: DescribedProcess[] = [];
  let nextId = processId;
  while (nextId > 0 && chain.length < MAX_PROCESSES) {
    const found = await describeProcess(nextId, procPath);
    const child = chain.at(-1);
    if (found === undefined) break;
    // The parent ended meanwhile, and its id now belongs to a younger process.
    if (child !== undefined && BigInt(found.startedAtTicks) > BigInt(child.startedAtTicks)) break;
    chain.push(found);
    nextId = found.parentId;
  }
  return chain;
}

/** The place of the program: the first process, unless that is a part of ours, or a shell that was started to run one. */
function findAskingIndex(
  chain: readonly DescribedProcess[],
  { ownFiles, isVerified }: { readonly ownFiles: ReadonlySet<string>; readonly isVerified: boolean },
): number {
  const isOwn = (process: DescribedProcess | undefined) =>
    typeof process?.script === 'string' && ownFiles.has(process.script);
  const isOurCurl = (index: number) => /(?:^|\/)curl$/.test(chain[index]?.executable ?? '') && isOwn(chain[index + 1]);
  const isStarted = (index: number) => (chain[index + 1]?.processId ?? 1) !== 1;
  let index = 0;
  while ((isOwn(chain[index]) || isOurCurl(index)) && isStarted(index)) index += 1;
  // A program that connects itself is the one, whatever it is.
  if (index === 0 && isVerified) return 0;
  while (chain[index]?.isShellCommand === true && isStarted(index)) index += 1;
  return index;
}

function toParent({ processId, startedAtTicks, executable }: DescribedProcess): ProgramProcess {
  return { processId, startedAtTicks, executable };
}
