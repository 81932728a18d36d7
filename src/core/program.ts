// A program that asks for credentials, as far as the system knows it, and one line of text that shows it.
import { toHarmlessLine } from './text/harmless-text.ts';

/** A process. Ids are reused, so the start time belongs to it wherever two processes are compared. */
export interface ProgramProcess {
  readonly processId: number;
  /** Clock ticks since boot on Linux; undefined elsewhere. */
  readonly startedAtTicks: string | undefined;
  /** Its path. If that can't be read, for example of another user's process, the name of the process in brackets: `[sudo]`. */
  readonly executable: string;
}

/** Paths and names are chosen by whoever made the files: make them harmless before they are shown. */
export interface Program extends ProgramProcess {
  /** The file that an interpreter runs, or `-m MODULE` of Python. The process itself reports it. Other arguments may contain secrets. */
  readonly script: string | null;
  readonly workingDirectory: string | null;
  /** The controlling terminal, for example `/dev/pts/3`. */
  readonly terminal: string | null;
  /** The session of the process (setsid(2)), not of Identity Center. */
  readonly sessionId: number | null;
  /** The nearest first. */
  readonly parents: readonly ProgramProcess[];
  /** The coding agent that started it, by the environment variables of the process and its parents. */
  readonly agent: string | null;
  /** True if the kernel reported the process at the other end of the connection; false if the caller named it. */
  readonly isVerified: boolean;
}

const MAX_PATH_CHARACTERS = 100;

/** For example `python3.13 deploy.py (pid 4711, pts/3, in /home/taylor/infra)`. Always one harmless line. */
export function describeProgram(program: Omit<Program, 'startedAtTicks' | 'parents' | 'sessionId'>): string {
  const { processId, terminal, workingDirectory, isVerified, agent } = program;
  const where = [
    `pid ${processId}`,
    ...(terminal === null ? [] : [shorten(terminal.replace(/^\/dev\//, ''))]),
    ...(workingDirectory === null ? [] : [`in ${shorten(workingDirectory)}`]),
  ];
  const details = [...(agent === null ? [] : [`started by ${agent}`]), ...(isVerified ? [] : ['not verified'])];
  return [`${nameProgram(program)} (${where.join(', ')})`, ...details].join(', ');
}

/** For example `terraform`, or `python3.13 deploy.py` for an interpreter. Harmless. */
export function nameProgram({ executable, script }: Pick<Program, 'executable' | 'script'>): string {
  const name = shorten(lastPart(executable));
  return script === null ? name : `${name} ${shorten(lastPart(script))}`;
}

const lastPart = (path: string) => path.slice(path.lastIndexOf('/') + 1) || path;
const shorten = (text: string) => toHarmlessLine(text, MAX_PATH_CHARACTERS);
