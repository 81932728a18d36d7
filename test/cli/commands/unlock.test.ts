// `rolecall unlock` with unlock = "click" or "passkey": where it sends a person, and how it ends.
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { runUnlock } from '../../../src/cli/commands/unlock/run.ts';

const ID = '0123456789abcdef';
const PENDING = {
  id: ID,
  state: 'pending',
  subject: 'unlock',
  approve: 'click',
  places: ['screen', 'terminal'],
  expiresAt: new Date(120_000).toISOString(),
  problem: null,
};

function createContext(
  call: (name: string) => Promise<unknown>,
  signal = new AbortController().signal,
  written = { stdout: '', stderr: '' },
): CliContext {
  return {
    client: { call },
    signal,
    clock: createFakeClock(0),
    environment: {},
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
  } as unknown as CliContext;
}

/** What the command printed or threw when the daemon gives these answers. */
async function unlock(...answers: readonly object[]): Promise<{ stdout: string; stderr: string; thrown: unknown }> {
  const left = [...answers];
  const written = { stdout: '', stderr: '' };
  const thrown = await runUnlock(
    {},
    createContext(async () => left.shift(), undefined, written),
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { ...written, thrown };
}

describe('rolecall unlock', () => {
  it('says where a person confirms, and waits for that, however long', async () => {
    expect(
      await unlock({ locked: true, approval: PENDING }, PENDING, PENDING, { ...PENDING, state: 'approved' }),
    ).toEqual({
      stdout: 'Unlocked.\n',
      stderr:
        'Unlocking rolecall needs your approval. Answer in the question on the screen or in another terminal (rolecall approve).\nWaiting, 2:00 left …\n',
      thrown: undefined,
    });
    const passkey = { ...PENDING, approve: 'passkey', places: ['page'] };
    expect(await unlock({ locked: true, approval: passkey }, { ...passkey, state: 'approved' })).toMatchObject({
      stderr:
        'Unlocking rolecall needs your approval. Answer with a passkey on the page (rolecall web).\nWaiting, 2:00 left …\n',
    });
  });

  it.each([
    ['refused', 'Unlocking rolecall was refused.'],
    ['expired', 'Nobody approved unlocking rolecall in time.'],
  ])('fails when it was %s', async (state, message) => {
    expect(await unlock({ locked: true, approval: PENDING }, { ...PENDING, state })).toMatchObject({
      stdout: '',
      thrown: { code: 'approval-refused', message, hint: 'rolecall unlock', exitCode: 5 },
    });
  });

  it('withdraws the question when it is interrupted', async () => {
    const stop = new AbortController();
    const calls: string[] = [];
    const call = async (name: string) => {
      calls.push(name);
      if (name === 'unlock') return { locked: true, approval: PENDING };
      if (stop.signal.aborted) return { ...PENDING, callers: 0 };
      stop.abort();
      throw new Error('interrupted');
    };
    await expect(runUnlock({}, createContext(call, stop.signal))).rejects.toThrow('interrupted');
    expect(calls).toEqual(['unlock', 'approval', 'approval', 'refuseApproval']);
  });

  it('fails at once when nobody can be asked, with the reason', async () => {
    const problem = { code: 'approval-refused', message: 'Nobody can be asked.', hint: 'rolecall doctor' };
    const approval = { ...PENDING, places: [], problem };
    expect(await unlock({ locked: true, approval })).toMatchObject({
      stdout: '',
      stderr: '',
      thrown: { ...problem, message: 'Unlocking rolecall needs an approval. Nobody can be asked.' },
    });
  });
});
