// A protected role through each surface that people use: one question for 20 callers, its answers, and what is remembered.
import { chmodSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Approval } from '../../src/daemon/approvals/approvals.ts';
import { createSignedInRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ROLE = 'Admin-AF-Permission-Set';
const SELECTORS = ['--session', SESSION, '--account', '111111111111', '--role', ROLE] as const;
const CALLERS = 20;
/** The sign-in has to survive a restart. */
const LASTING: RigOptions = {
  approvalPlaces: ['screen'],
  environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'as in the other tests' },
};

const hasCurl = systemPart('curl', '/usr/bin/curl');
const hasSs = process.platform === 'linux' && systemPart('ss (iproute2)', '/usr/bin/ss');

let rig: Rig;
const approvals = () => rig.daemon().approvals;

interface Outcome {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Each with what a caller of it does once; exit code 0: it got what it asked for. */
const SURFACES: readonly (readonly [name: string, isThere: boolean, once: () => Promise<Outcome>])[] = [
  ['credential_process', hasCurl, () => runProcess(CREDENTIAL_PROCESS, SELECTORS, { environment: rig.environment })],
  [
    'exec, whose command asks at the container port',
    true,
    () =>
      rig.runCli(['exec', 'account1', '--', 'true'], {
        runInPlace: async ({ environment }) => ((await askContainer(environment)) === 200 ? 0 : 1),
      }),
  ],
  ['env', true, () => rig.runCli(['env', 'account1'])],
  ['console', true, () => rig.runCli(['console', 'account1', '--print'])],
  ['use --current', true, () => rig.runCli(['use', '--current', 'account1'])],
];

function askContainer(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  const url = environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';
  const authorization = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '';
  return new Promise((resolve, reject) => {
    request(url, { headers: { authorization }, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

/** The one question, once so many callers wait for its answer. */
async function waitForCallers(count: number): Promise<Approval> {
  await waitFor(`${count} callers`, () => approvals().list()[0]?.callers === count);
  expect(approvals().list()).toHaveLength(1);
  return approvals().list()[0] as Approval;
}

const codes = (outcomes: readonly Outcome[]) => [...new Set(outcomes.map(({ exitCode }) => exitCode))];

describe('a protected role', () => {
  beforeAll(async () => {
    rig = await createSignedInRig({ ...LASTING, settings: `[[protect]]\npermission_set = "${ROLE}"\n` });
  });
  afterAll(() => rig.remove());

  /** One caller by each surface, and the answer to their question. */
  async function byEachSurface(answer: (id: string) => unknown): Promise<readonly Outcome[]> {
    const present = SURFACES.filter(([, isThere]) => isThere);
    const running = present.map(([, , once]) => once());
    answer((await waitForCallers(present.length)).id);
    return Promise.all(running);
  }

  describe.each(SURFACES)('by %s', (_name, isThere, once) => {
    test.skipIf(!isThere)('is one question for 20 callers, and is remembered', async () => {
      approvals().forget();
      let asked = 0;
      approvals().subscribe({ asked: () => void (asked += 1) });
      const running = Array.from({ length: CALLERS }, once);
      approvals().approve((await waitForCallers(CALLERS)).id, 'click');
      expect(codes(await Promise.all(running))).toEqual([0]);
      expect(codes([await once(), await once()])).toEqual([0]);
      expect(asked).toBe(1);
    });
  });

  test('is asked about again after a restart, once for all surfaces, and served', async () => {
    await rig.restartDaemon();
    expect(codes(await byEachSurface((id) => approvals().approve(id, 'click')))).toEqual([0]);
  });

  test('is refused by each surface if nobody answers in time', async () => {
    approvals().forget();
    // As after two minutes.
    const expired = await byEachSurface(() => approvals().close());
    expect(codes(expired)).toEqual([5]);
    for (const { stderr } of expired) expect(stderr).toMatch(/Nobody approved .* in time/);
    await rig.restartDaemon();
  });

  test('is refused by each surface after a refusal', async () => {
    approvals().forget();
    const refused = await byEachSurface((id) => approvals().refuse(id, 'click'));
    expect(codes(refused)).toEqual([5]);
    for (const { stderr } of refused) expect(stderr).toContain(`${ROLE} in taylor (111111111111) was refused.`);
  });
});

test.skipIf(!hasCurl || !hasSs)('an approval for one program is not one for another', async () => {
  rig = await createSignedInRig({
    approvalPlaces: ['screen'],
    settings: `[[protect]]\npermission_set = "${ROLE}"\nfor = "program"\n`,
  });
  try {
    const command = [CREDENTIAL_PROCESS, ...SELECTORS].join(' ');
    const [first, second] = ['first', 'second'].map((name) => {
      const script = join(rig.home.path, name);
      writeFileSync(script, `#!/bin/sh\n${command}\nexit $?\n`);
      chmodSync(script, 0o700);
      return script;
    }) as [string, string];
    const run = (script: string) => runProcess(script, [], { environment: rig.environment });
    const approved = run(first);
    const { id, program } = await waitForCallers(1);
    expect(program).toMatchObject({ script: first, isVerified: true });
    approvals().approve(id, 'click');
    expect(codes([await approved, await run(first), await run(first)])).toEqual([0]);
    const refused = run(second);
    const other = await waitForCallers(1);
    expect(other.program).toMatchObject({ script: second, isVerified: true });
    approvals().refuse(other.id, 'click');
    expect(codes([await refused])).toEqual([5]);
    // The refusal of one is not the refusal of the other either.
    expect(codes([await run(first)])).toEqual([0]);
  } finally {
    await rig.remove();
  }
});
