// `rolecall approve` on real terminals: the daemon asks where the program that waits can't type, and nowhere else.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTerminal } from '../../src/platform/programs/terminal-device.ts';
import { openTerminal as openTmux, TMUX, type Terminal } from '../helpers/terminal.ts';
import { createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { ROLECALL } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const canRun = systemPart('tmux', TMUX) && systemPart('script', '/usr/bin/script') && systemPart('ss', '/usr/bin/ss');

const SETTINGS = `[[protect]]
permission_set = "*"
`;
/** The next one each time: after three refusals in a row a role is refused for a minute. */
const ROLES = [
  { accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' },
  { accountId: '222222222222', permissionSet: 'Admin-AF-Permission-Set' },
  { accountId: '222222222222', permissionSet: 'ReadOnly' },
  { accountId: '333333333333', permissionSet: 'ReadOnly' },
] as const;

describe.skipIf(!canRun)('rolecall approve', () => {
  let rig: Rig;
  /** Where somebody works, and where somebody approves. */
  let work: Terminal;
  let other: Terminal;

  beforeAll(async () => {
    rig = await createSignedInRig({ settings: SETTINGS });
    const open = (name: string) =>
      openTmux({
        directory: rig.home.path,
        environment: { ...rig.environment, PS1: `${name}> `, TERM: 'xterm' },
        command: ['/bin/bash', '--norc', '--noprofile'],
      });
    work = open('work');
    other = open('other');
    for (const terminal of [work, other]) {
      terminal.type(`rolecall() { ${process.execPath} ${ROLECALL} "$@"; }; clear`);
    }
  });
  afterAll(async () => {
    for (const terminal of [work, other]) terminal?.close();
    await rig?.remove();
  });

  const shows = (terminal: Terminal) => terminal.visibleRows().join('\n');
  /** Below the last `clear`. */
  const see = (terminal: Terminal, pattern: RegExp) =>
    waitFor(`${String(pattern)}, but there is:\n${shows(terminal)}\n`, () => pattern.exec(shows(terminal)));

  /** Types it on an empty screen. */
  async function run(terminal: Terminal, command: string): Promise<void> {
    const isEmpty = () => /^(?:work|other)>$/.test(shows(terminal).trim());
    await waitFor(
      `an empty screen instead of:\n${shows(terminal)}\n`,
      () => {
        // Again when a job has ended meanwhile, which bash reports after the first.
        if (!isEmpty() && /^(?:work|other)>$/m.test(shows(terminal).trimEnd())) terminal.type('clear');
        return isEmpty();
      },
      { intervalMs: 100 },
    );
    terminal.type(command);
  }

  const pending = async () => (await rig.client.call('approvals', {})).approvals;
  let runs = 0;

  /** A program on `work` asks; returns the id. */
  async function askThere(): Promise<string> {
    const role = ROLES[(runs += 1) % ROLES.length];
    await post(work, '/v1/approvals', { session: SESSION, ...role });
    return waitFor('the question', async () => (await pending())[0]?.id);
  }

  function post(terminal: Terminal, path: string, body: object): Promise<void> {
    const options = `-s --unix-socket ${rig.paths.socketPath} -H 'content-type: application/json'`;
    return run(terminal, `curl ${options} -d '${JSON.stringify(body)}' http://localhost${path}; echo`);
  }

  const state = async (id: string) => (await rig.client.call('approval', { id })).state;

  const refuse = (id: string) => rig.client.call('refuseApproval', { id });

  async function seeQuestion(): Promise<string> {
    const [, word = ''] = await see(other, /Type "([a-z]{4})" and press Return to allow\.[^]*\n>/);
    return word;
  }

  test.each([
    ['Return alone', ''],
    ['another word', 'yes'],
  ])('refuses after %s', async (_, answer) => {
    const id = await askThere();
    await run(other, 'rolecall approve; echo "code $?"');
    await seeQuestion();
    other.type(answer);
    await see(other, /was refused[^]*code 5/);
    expect(await state(id)).toBe('refused');
  });

  test('leaves the question open after Ctrl-C, and after it was stopped', async () => {
    const id = await askThere();
    await run(other, 'rolecall approve; echo "code $?"');
    await seeQuestion();
    other.press('C-c');
    await see(other, /code 130/);
    await run(other, 'rolecall approve');
    const word = await seeQuestion();
    other.press('C-z');
    await see(other, /Stopped/);
    // For the shell, which reads again.
    other.type(word);
    await see(other, /command not found/);
    expect(await state(id)).toBe('pending');
    other.type('kill %1; wait; clear');
    await refuse(id);
  });

  test('closes the question that is answered elsewhere', async () => {
    const id = await askThere();
    await run(other, `rolecall approve ${id.slice(0, 6)}`);
    await seeQuestion();
    await refuse(id);
    await see(other, /Answered elsewhere\.[^]*was refused/);
  });

  test('is refused where the program that waits was started, and on what that has opened', async () => {
    const id = await askThere();
    const tries: readonly (readonly [command: string, why: RegExp])[] = [
      ['rolecall approve', /The program that asks was started from this\s+terminal\./],
      ['script -qc "$(declare -f rolecall); rolecall approve" /dev/null', /were both\s+started by bash \(pid \d+\)\./],
      [
        'setsid -f script -qfc "$(declare -f rolecall); rolecall approve" $HOME/orphan >/dev/null </dev/null; sleep 0.1; until grep -q Run: $HOME/orphan; do :; done; cat $HOME/orphan',
        /This\s+terminal\s+was\s+opened\s+after\s+the\s+question/,
      ],
    ];
    for (const [command, why] of tries) {
      await run(work, command);
      await see(work, why);
      expect(shows(work)).toContain('caller-not-allowed');
    }
    expect(await state(id)).toBe('pending');
    await refuse(id);
  });

  test('is refused to a coding agent, without a terminal, and for the process of somebody else', async () => {
    const id = await askThere();
    await run(other, 'CLAUDECODE=1 rolecall approve');
    await see(other, /Claude Code has started this\s+terminal\./);
    await run(other, 'rolecall approve </dev/null');
    await see(other, /Standard input is not a terminal\./);
    // The shell of `other` waits there in the foreground, and a program of `work` names it.
    await run(other, 'tty; echo "shell $$"');
    const [, terminal = '', shell = ''] = await see(other, /^(\/dev\/pts\/\d+)\nshell (\d+)$/m);
    await post(work, `/v1/approvals/${id}/terminal`, { terminal, processId: Number(shell) });
    await see(work, /It is not certain who asks/);
    expect(shows(other)).not.toContain('Type "');
    expect(await state(id)).toBe('pending');
    await refuse(id);
  });

  test('says when nothing waits, and wants an id when several do', async () => {
    await run(other, 'rolecall approve; echo "code $?"');
    await see(other, /^No approval waits\.\ncode 0$/m);
  });

  test('the terminal of another user, and what is no terminal, is not opened', async () => {
    await run(other, 'tty; echo "code $?"');
    const [, path = ''] = await see(other, /^(\/dev\/pts\/\d+)\ncode 0$/m);
    const userId = process.getuid?.() ?? -1;
    expect(openTerminal(path, userId + 1)).toEqual({ refusal: `${path} belongs to another user.` });
    for (const wrong of [
      '/dev/null',
      '/dev/tty',
      '/dev/pts/ptmx',
      '/dev/pts/../null',
      `${path}/`,
      `/proc/self/fd/0`,
      'pts/1',
    ]) {
      expect(openTerminal(wrong, userId)).toEqual({ refusal: 'That is not the path of a terminal.' });
    }
    expect(openTerminal('/dev/pts/999999', userId)).toEqual({ refusal: "/dev/pts/999999 can't be opened (ENOENT)." });
  });

  test('allows after the word was typed, and what was typed before the question does not count', async () => {
    const id = await askThere();
    expect((await pending())[0]).toMatchObject({ places: ['terminal'], problem: null });
    await run(other, 'rolecall approve');
    other.type('yes');
    const word = await seeQuestion();
    for (const line of [
      'rolecall: allow credentials for this role?',
      'Permission set: ',
      'Asked by: “/',
      'Terminal: /dev/pts/',
    ]) {
      expect(shows(other)).toContain(line);
    }
    expect(await state(id)).toBe('pending');
    other.type(word);
    await see(other, /^Allowed: \S+ in /m);
    expect(await state(id)).toBe('approved');
  });
});
