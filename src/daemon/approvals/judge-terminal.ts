// Decides whether a question may be answered on a terminal: not where the program that asks, or what started it, could type.
import type { TreeProcess } from '../../platform/process/process-tree.ts';

/** A process and its ancestors, the nearest first. */
export type Ancestry = readonly TreeProcess[];

/** A sentence that says why not; undefined if it may. `askers`: all programs that ask. */
export function refuseTerminal(
  approver: Ancestry,
  options: {
    readonly device: number;
    readonly userId: number;
    readonly askers: readonly Ancestry[];
    /** When the question came up. */
    readonly askedAtTicks: number;
  },
): string | undefined {
  const { device, userId, askers, askedAtTicks } = options;
  const [self] = approver;
  if (self === undefined) return 'The process that would show the question has ended.';
  if (self.userIds.some((id) => id !== userId)) return 'The process belongs to another user.';
  if (self.terminalDevice !== device || device === 0) return 'That is not the terminal of the process.';
  if (self.foregroundGroupId !== self.groupId) return 'The process is not in the foreground of its terminal.';
  if (!approver.some(({ processId }) => processId === self.sessionId)) return UNKNOWN_ORIGIN;
  for (const asker of askers) {
    const refusal = refuseRelated(approver, self, asker);
    if (refusal !== undefined) return refusal;
  }
  return refuseYoungOrphan(approver, self, { userId, askedAtTicks });
}

function refuseRelated(approver: Ancestry, self: TreeProcess, asker: Ancestry): string | undefined {
  if (asker.some(({ sessionId }) => sessionId === self.sessionId)) {
    return 'The program that asks was started from this terminal.';
  }
  const [program] = asker;
  if (approver.some((process) => isSame(process, program))) return 'The program that asks has opened this terminal.';
  const common = approver.find((process) => asker.some((other) => isSame(process, other)));
  if (common === undefined || common.terminalDevice === 0) return undefined;
  // A window manager that was started on a text console has that as its terminal, and opens all windows.
  const isConsole = isTextConsole(common.terminalDevice) && program?.sessionId !== common.sessionId;
  return isConsole
    ? undefined
    : `The program that asks and this terminal were both started by ${common.name} (pid ${common.processId}).`;
}

/**
 * Whoever asks could open a terminal and cut its ties with it: a session that is younger than the question, and whose
 * parents have ended. A new tab or a new login has older parents, or parents that belong to root.
 */
function refuseYoungOrphan(
  approver: Ancestry,
  self: TreeProcess,
  { userId, askedAtTicks }: { readonly userId: number; readonly askedAtTicks: number },
): string | undefined {
  const leader = approver.findIndex(({ processId }) => processId === self.sessionId);
  for (const process of approver.slice(leader)) {
    if (isInit(process)) return YOUNG_ORPHAN;
    if (process.startedAtTicks <= askedAtTicks) return undefined;
    if (userId !== 0 && process.userIds[0] === 0) return undefined;
  }
  return YOUNG_ORPHAN;
}

const UNKNOWN_ORIGIN = 'It is not known who has opened this terminal.';
const YOUNG_ORPHAN = 'This terminal was opened after the question, and it is not known by whom. Use an older one.';

/** A process whose parent has ended gets one of these: the first of the system, or systemd for the user. */
const isInit = ({ processId, parentId, name }: TreeProcess) =>
  processId === 1 || parentId === 0 || (parentId === 1 && name === 'systemd');

const isSame = (process: TreeProcess, other: TreeProcess | undefined) =>
  process.processId === other?.processId && process.startedAtTicks === other.startedAtTicks;

/** /dev/ttyN: no program can make more of these. */
const isTextConsole = (device: number) => ((device >> 8) & 0xff) === 4;
