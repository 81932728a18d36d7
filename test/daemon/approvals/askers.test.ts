// Who asks, as far as a terminal may be used: known for certain, or not at all.
import { expect, test } from 'vitest';
import { createApprovals, type Question } from '../../../src/daemon/approvals/approvals.ts';
import { createAskers } from '../../../src/daemon/approvals/askers.ts';
import type { Program } from '../../../src/core/program.ts';
import type { TreeProcess } from '../../../src/platform/process/process-tree.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const process = (processId: number): TreeProcess => ({
  processId,
  name: 'aws',
  parentId: 1,
  groupId: processId,
  sessionId: processId,
  terminalDevice: 0,
  foregroundGroupId: -1,
  startedAtTicks: 10,
  userIds: [1000, 1000, 1000, 1000],
});

const program = (processId: number, isVerified = true): Program => ({
  processId,
  startedAtTicks: '10',
  executable: '/usr/bin/aws',
  script: null,
  workingDirectory: null,
  terminal: null,
  sessionId: processId,
  parents: [],
  agent: null,
  isVerified,
});

function createBench(options: { readonly canIdentify?: boolean; readonly platform?: NodeJS.Platform } = {}) {
  let ids = 0;
  const approvals = createApprovals({
    clock: createFakeClock(),
    createId: () => String((ids += 1)).padStart(16, '0'),
  });
  const askers = createAskers({
    approvals,
    platform: options.platform ?? 'linux',
    // Above 900 they have ended.
    readAncestry: (processId) => (processId > 900 ? [] : [process(processId)]),
    nowInTicks: () => 500,
    canIdentify: () => options.canIdentify !== false,
  });
  const ask = (asker: Program | undefined, approve: Question['approve'] = 'click') =>
    approvals.ask({
      subject: { kind: 'role', role: { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' } },
      approve,
      surface: 'socket',
      program: asker,
    });
  return { approvals, askers, ask };
}

test('a program that the kernel names can be approved on a terminal, and others that it names are compared too', () => {
  const { approvals, askers, ask } = createBench();
  const approval = ask(program(7));
  ask(program(8));
  ask(program(8));
  ask(program(9, false));
  ask(undefined);
  expect(approvals.placesOf(approval)).toEqual({ places: ['terminal'], problem: undefined });
  expect(askers.of(approval.id)).toEqual({ askers: [[process(7)], [process(8)]], askedAtTicks: 500 });
  approvals.refuse(approval.id, 'socket');
  expect(askers.of(approval.id).askers).toEqual([]);
});

test.each([
  ['is not known', undefined],
  ['only says who it is', program(7, false)],
  ['has ended', program(901)],
])('a program that %s can not, and the reason is said', (_, asker) => {
  const { approvals, ask } = createBench();
  const { places, problem } = approvals.placesOf(ask(asker));
  expect([places, problem?.code, problem?.hint]).toEqual([[], 'caller-not-allowed', 'rolecall web']);
});

test('without ss, the package to install is named', () => {
  const { approvals, ask } = createBench({ canIdentify: false });
  expect(approvals.placesOf(ask(program(7, false))).problem).toEqual({
    code: 'caller-not-allowed',
    message:
      "It is not certain which program asks, because ss (package iproute2) is not installed, so this can't be answered on a terminal.",
    hint: 'sudo apt install iproute2',
  });
});

test('there are no terminals for a passkey, nor on macOS', () => {
  const { approvals, ask } = createBench();
  expect(approvals.placesOf(ask(program(7), 'passkey')).places).toEqual([]);
  const mac = createBench({ platform: 'darwin' });
  expect(mac.approvals.placesOf(mac.ask(program(7)))).toMatchObject({ places: [], problem: { hint: 'rolecall web' } });
});
