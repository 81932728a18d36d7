// `rolecall unlock` with unlock = "click" or "passkey": where it sends a person, and how it ends.
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { runUnlock } from '../../../src/cli/commands/unlock/run.ts';

const ID = '0123456789abcdef';
const PENDING = { id: ID, state: 'pending', approve: 'click', places: ['screen', 'terminal'], problem: null };

/** What the command printed or threw when the daemon gives these answers. */
async function unlock(...answers: readonly object[]): Promise<{ stdout: string; stderr: string; thrown: unknown }> {
  const left = [...answers];
  let [stdout, stderr] = ['', ''];
  const context = {
    client: { call: async () => left.shift() },
    signal: new AbortController().signal,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  } as unknown as CliContext;
  const thrown = await runUnlock({}, context).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { stdout, stderr, thrown };
}

describe('rolecall unlock', () => {
  it('says where a person confirms, and waits for that, however long', async () => {
    expect(
      await unlock({ locked: true, approval: PENDING }, PENDING, PENDING, { ...PENDING, state: 'approved' }),
    ).toEqual({
      stdout: 'Unlocked.\n',
      stderr:
        'Unlocking needs a click in the dialog on the screen or on another terminal (rolecall approve). Waiting …\n',
      thrown: undefined,
    });
    const passkey = { ...PENDING, approve: 'passkey', places: ['page'] };
    expect(await unlock({ locked: true, approval: passkey }, { ...passkey, state: 'approved' })).toMatchObject({
      stderr: 'Unlocking needs a passkey on the page (rolecall web). Waiting …\n',
    });
  });

  it.each([
    ['refused', 'rolecall is still locked: the unlock was refused.'],
    ['expired', 'rolecall is still locked: nobody confirmed the unlock in time.'],
  ])('fails when it was %s', async (state, message) => {
    expect(await unlock({ locked: true, approval: PENDING }, { ...PENDING, state })).toMatchObject({
      stdout: '',
      thrown: { code: 'approval-refused', message, hint: 'rolecall unlock', exitCode: 5 },
    });
  });

  it('fails at once when nobody can be asked, with the reason', async () => {
    const problem = { code: 'approval-refused', message: 'Nobody can be asked.', hint: 'rolecall doctor' };
    const approval = { ...PENDING, places: [], problem };
    expect(await unlock({ locked: true, approval })).toMatchObject({ stdout: '', stderr: '', thrown: problem });
  });
});
