// The built-in picker while the rest of its list is loading.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pickRole, type Picked, type PickerList } from '../../../src/cli/picker/pick-role.ts';
import { createRoleColumns } from '../../../src/cli/picker/role-columns.ts';
import { createPainter } from '../../../src/cli/terminal/render.ts';
import { DaemonUnreachableError } from '../../../src/core/errors.ts';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { role } from './roles.ts';
import { createWrittenScreen } from './written-screen.ts';

const SIZE = { rows: 6, columns: 90 } as const;
const numbered = (score: number) => (number: number) =>
  role(`Account ${number}`, 'ReadOnly', { accountId: `11111111111${number}`, score });
const ALL = [...[1, 2].map(numbered(0)), ...[3, 4].map(numbered(2)), ...[5, 6].map(numbered(0))];
/** As the daemon sends them: the ones used first. */
const FIRST = [ALL[2], ALL[3], ALL[0]] as RoleDocument[];

const listOf = (roles: readonly RoleDocument[], total = roles.length): PickerList => ({
  roles,
  total,
  columns: createRoleColumns(roles),
  index: createRoleIndex(roles),
});

interface Scene {
  readonly picked: Promise<Picked | undefined>;
  readonly lines: () => readonly string[];
  readonly type: (text: string) => void;
  readonly arrive: (roles: readonly RoleDocument[]) => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
  readonly isClosed: () => boolean;
}

let abort: AbortController;
beforeEach(() => {
  abort = new AbortController();
});
afterEach(() => abort.abort(new Error('the test is over')));

function open(): Scene {
  const screen = createWrittenScreen(SIZE.rows);
  let isClosed = false;
  let type: (text: string) => void = () => undefined;
  let settle: { resolve: (list: PickerList) => void; reject: (error: Error) => void } | undefined;
  const whole = new Promise<PickerList>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const picked = pickRole('', {
    list: listOf(FIRST, ALL.length),
    whole,
    purpose: 'in this shell',
    mark: '!',
    paint: createPainter({ write: () => true, isTTY: false }, {}),
    clock: createFakeClock(),
    signal: abort.signal,
    terminal: {
      size: () => SIZE,
      write: (text) => screen.write(text),
      listen: ({ onInput }) => {
        type = onInput;
      },
      close: () => {
        isClosed = true;
      },
    },
  });
  picked.catch(() => undefined);
  return {
    picked,
    lines: screen.lines,
    type: (text) => type(text),
    isClosed: () => isClosed,
    arrive: async (roles) => {
      settle?.resolve(listOf(roles));
      await whole;
    },
    fail: async (reason) => {
      settle?.reject(reason);
      await Promise.allSettled([whole]);
    },
  };
}

const shown = (lines: readonly string[]) => lines.map((line) => line.replace(/  \d{12} .*/u, '').trim());

describe('the picker with the first roles of a list that is loading', () => {
  test('shows them at once with the total count, and appends the others when they arrive', async () => {
    const { arrive, lines } = open();
    expect(shown(lines()).slice(1, 5)).toEqual(['>   Account 3', 'Account 4', 'Account 1', '']);
    expect(lines()[0]).toMatch(/6 of 6$/u);
    await arrive(ALL);
    expect(shown(lines()).slice(1, 5)).toEqual(['>   Account 3', 'Account 4', 'Account 1', 'Account 2']);
    expect(lines()[0]).toMatch(/6 of 6$/u);
  });

  test('queues typed text until all roles have arrived', async () => {
    const { arrive, lines, picked, type } = open();
    type('5');
    type('\r');
    expect(shown(lines())[1]).toBe('>   Account 3');
    await arrive(ALL);
    expect(await picked).toEqual({ role: ALL[4], query: '5' });
  });

  test('picks the role that the screen shows, even if the order has changed', async () => {
    const { arrive, picked, type } = open();
    type('\r');
    await arrive(ALL.map((one) => (one.accountName === 'Account 6' ? { ...one, score: 9 } : one)));
    expect((await picked)?.role.accountName).toBe('Account 3');
  });

  test('ends on Ctrl-C while the list is loading', async () => {
    const { isClosed, picked, type } = open();
    type('x\u0003');
    expect(await picked).toBe(undefined);
    expect(isClosed()).toBe(true);
  });

  test('restores the terminal when loading the list fails', async () => {
    const { fail, isClosed, picked } = open();
    await fail(new DaemonUnreachableError('daemon-not-answering', 'the daemon is gone'));
    await expect(picked).rejects.toThrow('the daemon is gone');
    expect(isClosed()).toBe(true);
  });
});
