// On which terminals a question may be answered: process trees as they are found on real machines, and what tries to get around.
import { describe, expect, test } from 'vitest';
import { refuseTerminal, type Ancestry } from '../../../src/daemon/approvals/judge-terminal.ts';
import type { TreeProcess } from '../../../src/platform/process/process-tree.ts';

const USER = 1000;
const ASKED_AT = 1000;
const pts = (number: number) => (136 << 8) + number;
const console1 = (4 << 8) + 1;

/** By default an old process of the user, which leads its session and its group, without a terminal. */
function process(
  processId: number,
  name: string,
  options: {
    readonly session?: number;
    readonly terminal?: number;
    readonly started?: number;
    readonly user?: number;
    readonly parent?: number;
  } = {},
): TreeProcess {
  const { session = processId, terminal = 0, started = 10, user = USER, parent = 1 } = options;
  return {
    processId,
    name,
    parentId: parent,
    groupId: processId,
    sessionId: session,
    terminalDevice: terminal,
    foregroundGroupId: terminal === 0 ? -1 : processId,
    startedAtTicks: started,
    userIds: [user, user, user, user],
  };
}

const init = process(1, 'systemd', { user: 0, parent: 0, started: 1 });
const manager = process(500, 'systemd', { started: 2 });
const desktop = process(600, 'gnome-terminal-', { parent: 500 });
const tmux = process(700, 'tmux: server');

/** A shell in a tab of `above`, and in it a program. */
function tab(
  number: number,
  above: readonly TreeProcess[],
  options: { name: string; id: number; started?: number },
): Ancestry {
  const { name, id, started = 20 } = options;
  const [parent = init] = above;
  const shell = process(id, 'bash', { terminal: pts(number), started, parent: parent.processId });
  const program = process(id + 1, name, {
    session: id,
    terminal: pts(number),
    started: ASKED_AT + 50,
    parent: id,
  });
  return [program, shell, ...above];
}

const aws = (above: readonly TreeProcess[] = [tmux, init]) => tab(1, above, { name: 'aws', id: 100 });

const judge = (approver: Ancestry, askers: readonly Ancestry[], device = pts(2), userId = USER) =>
  refuseTerminal(approver, { device, userId, askers, askedAtTicks: ASKED_AT });

const approve = (above: readonly TreeProcess[], started?: number) =>
  tab(2, above, { name: 'node', id: 200, ...(started === undefined ? {} : { started }) });

describe('may be answered', () => {
  test.each([
    ['in another tab of the terminal program', [desktop, manager, init], [desktop, manager, init]],
    ['in another window of tmux', [tmux, init], [tmux, init]],
    ['when the program runs in the background', [tmux, init], [manager, init]],
  ])('%s', (_, where, asking) => {
    expect(judge(approve(where), [aws(asking)])).toBeUndefined();
  });

  test('in a tab that was opened after the question', () => {
    expect(judge(approve([desktop, manager, init], ASKED_AT + 10), [aws()])).toBeUndefined();
  });

  test('after a login over SSH that came after the question, also one that systemd started', () => {
    const listener = process(50, 'sshd', { user: 0 });
    const login = process(51, 'sshd-session', { user: 0, parent: 50, started: ASKED_AT + 5 });
    expect(judge(approve([login, listener, init], ASKED_AT + 10), [aws()])).toBeUndefined();
    const byInit = process(51, 'sshd-session', { user: 0, started: ASKED_AT + 5 });
    expect(judge(approve([byInit, init], ASKED_AT + 10), [aws()])).toBeUndefined();
  });

  test('in a window of a window manager that was started on a text console', () => {
    const sway = process(30, 'sway', { terminal: console1 });
    const foot = process(31, 'foot', { session: 30, terminal: console1, parent: 30 });
    expect(judge(approve([foot, sway, init]), [aws([foot, sway, init])])).toBeUndefined();
  });
});

describe('is refused', () => {
  test.each([
    ['after the process has ended', [], 'The process that would show the question has ended.'],
    [
      'to another user',
      approve([tmux, init]).map((each) => ({ ...each, userIds: [USER, 0, 0, 0] })),
      'The process belongs to another user.',
    ],
    [
      'on a terminal that is not its own',
      tab(3, [tmux, init], { name: 'node', id: 200 }),
      'That is not the terminal of the process.',
    ],
    [
      'in the background',
      approve([tmux, init]).map((each) => ({ ...each, foregroundGroupId: 200 })),
      'The process is not in the foreground of its terminal.',
    ],
    [
      'to an orphan in a session',
      [...approve([tmux, init]).slice(0, 1), init],
      'It is not known who has opened this terminal.',
    ],
  ])('%s', (_, approver, reason) => {
    expect(judge(approver, [aws()])).toBe(reason);
  });

  test('without a terminal', () => {
    expect(judge([process(200, 'node'), init], [aws()], 0)).toBe('That is not the terminal of the process.');
  });

  test('in the session of the program that asks, or of one that started it', () => {
    const asker = aws();
    const [, shell, ...above] = asker;
    const sameShell = process(300, 'node', { session: 100, terminal: pts(1), parent: 100 });
    const reason = 'The program that asks was started from this terminal.';
    expect(judge([sameShell, shell as TreeProcess, ...above], [asker], pts(1))).toBe(reason);
    // setsid aws …
    const detached = [process(400, 'aws', { parent: 101 }), ...asker];
    expect(judge([sameShell, shell as TreeProcess, ...above], [detached], pts(1))).toBe(reason);
    // Not the first that asked.
    expect(judge([sameShell, shell as TreeProcess, ...above], [aws([desktop, init]).slice(2), asker], pts(1))).toBe(
      reason,
    );
  });

  test('on a terminal that the program that asks has opened', () => {
    const asker = [process(400, 'agent', { started: 30 }), init];
    expect(judge(approve(asker), [asker])).toBe('The program that asks has opened this terminal.');
  });

  test('on a terminal that was opened by an interactive program above the one that asks', () => {
    const agent = tab(1, [tmux, init], { name: 'agent', id: 100 });
    const asker = [process(400, 'aws', { parent: 101 }), ...agent];
    expect(judge(approve(agent), [asker])).toBe(
      'The program that asks and this terminal were both started by agent (pid 101).',
    );
  });

  test('on a terminal of a program on the same text console', () => {
    const login = process(30, 'bash', { terminal: console1 });
    const agent = process(31, 'agent', { session: 30, terminal: console1, parent: 30 });
    const asker = [process(32, 'aws', { session: 30, terminal: console1, parent: 31 }), agent, login, init];
    expect(judge(approve([agent, login, init]), [asker])).toBe(
      'The program that asks and this terminal were both started by agent (pid 31).',
    );
  });

  test.each([
    ['init', [init]],
    ['the systemd of the user', [manager, init]],
    ['a young orphan', [process(210, 'script', { started: ASKED_AT + 1 }), init]],
    ['parents that are not known', []],
  ])('on a terminal that somebody opened after the question and left to %s', (_, above) => {
    expect(judge(approve(above, ASKED_AT + 10), [aws()])).toMatch(/^This terminal was opened after the question/);
  });
});
