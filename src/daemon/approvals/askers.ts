// Remembers for each pending approval which processes ask, as they were when they asked: those may not answer it themselves.
import type { ErrorBody } from '../../core/errors.ts';
import type { Program } from '../../core/program.ts';
import type { TreeProcess } from '../../platform/process/process-tree.ts';
import type { Approvals } from './approvals.ts';
import type { Ancestry } from './judge-terminal.ts';

export interface Askers {
  /** Why the approval can't be answered on a terminal; undefined if it can. */
  problemOf(id: string): ErrorBody | undefined;
  of(id: string): { readonly askers: readonly Ancestry[]; readonly askedAtTicks: number };
}

interface Asked {
  readonly askedAtTicks: number;
  /** By process id and start. */
  readonly ancestries: Map<string, Ancestry>;
  problem: ErrorBody | undefined;
}

/** More processes than anybody runs at once for one role. */
const MAX_ASKERS = 256;

export function createAskers(deps: {
  readonly approvals: Pick<Approvals, 'subscribe'>;
  readonly platform: NodeJS.Platform;
  readonly readAncestry: (processId: number) => readonly TreeProcess[];
  readonly nowInTicks: () => number;
  /** Whether the programs of callers can be identified for certain. */
  readonly canIdentify: () => boolean;
}): Askers {
  const asked = new Map<string, Asked>();

  function add(id: string, program: Program | undefined): void {
    const entry = asked.get(id);
    if (entry === undefined || entry.problem !== undefined) return;
    const ancestry = program?.isVerified === true ? deps.readAncestry(program.processId) : [];
    const [self] = ancestry;
    if (self === undefined) entry.problem = describeUnknown(deps.canIdentify());
    else if (entry.ancestries.size >= MAX_ASKERS) entry.problem = TOO_MANY;
    else entry.ancestries.set(`${self.processId} ${self.startedAtTicks}`, ancestry);
  }

  deps.approvals.subscribe({
    asked({ id, approve, program }) {
      if (approve !== 'click' || deps.platform !== 'linux') return;
      asked.set(id, { askedAtTicks: deps.nowInTicks(), ancestries: new Map(), problem: undefined });
      add(id, program);
    },
    // Most callers of a pending question are not looked up. Its answer is for all of them, and others that come later.
    joined: ({ id }, program) => (program?.isVerified === true ? add(id, program) : undefined),
    settled: ({ id }) => void asked.delete(id),
    places({ id, approve }) {
      if (approve !== 'click') return { places: [] };
      const problem = problemOf(id);
      return problem === undefined ? { places: ['terminal'] } : { places: [], problem };
    },
  });

  function problemOf(id: string): ErrorBody | undefined {
    const entry = asked.get(id);
    return entry === undefined ? NOT_HERE : entry.problem;
  }

  return {
    problemOf,
    of: (id) => ({
      askers: [...(asked.get(id)?.ancestries.values() ?? [])],
      askedAtTicks: asked.get(id)?.askedAtTicks ?? 0,
    }),
  };
}

const NOT_HERE: Readonly<ErrorBody> = {
  code: 'caller-not-allowed',
  message: 'Questions can be answered on a terminal only on Linux.',
  hint: 'rolecall web',
};

const TOO_MANY: Readonly<ErrorBody> = {
  code: 'caller-not-allowed',
  message: "Too many programs ask for this to check all of them, so it can't be answered on a terminal.",
  hint: 'rolecall web',
};

function describeUnknown(canIdentify: boolean): ErrorBody {
  const why = canIdentify ? '' : ', because ss (package iproute2) is not installed';
  return {
    code: 'caller-not-allowed',
    message: `It is not certain which program asks${why}, so this can't be answered on a terminal.`,
    hint: canIdentify ? 'rolecall web' : 'sudo apt install iproute2',
  };
}
