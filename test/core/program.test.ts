// How a program that asks is shown: one line that nothing in a path can break.
import { expect, test } from 'vitest';
import { describeProgram, nameProgram, type Program } from '../../src/core/program.ts';

const TERRAFORM: Program = {
  processId: 4711,
  startedAtTicks: '1000',
  executable: '/usr/bin/terraform',
  script: null,
  workingDirectory: '/home/taylor/infra',
  terminal: '/dev/pts/3',
  sessionId: 4000,
  parents: [],
  agent: null,
  isVerified: true,
};

test('names program, process, terminal and folder', () => {
  expect(describeProgram(TERRAFORM)).toBe('terraform (pid 4711, pts/3, in /home/taylor/infra)');
});

test('names the script of an interpreter, the agent, and that nothing was verified', () => {
  const program = {
    ...TERRAFORM,
    executable: '/usr/bin/python3.13',
    script: '/home/taylor/infra/deploy.py',
    workingDirectory: null,
    terminal: null,
    agent: 'Claude Code',
    isVerified: false,
  };
  expect(describeProgram(program)).toBe('python3.13 deploy.py (pid 4711), started by Claude Code, not verified');
});

test('shows a hostile path on one line, without controls, marks of direction or more than it has room for', () => {
  const hostile = {
    ...TERRAFORM,
    executable: `/tmp/x\u001b[2J\nrole: ok\u202e${'y'.repeat(500)}`,
    workingDirectory: '/tmp/a\nb',
  };
  const line = describeProgram(hostile);
  expect(line).toMatch(/^x \[2J role: oky+… \(pid 4711, pts\/3, in \/tmp\/a b\)$/);
  expect(line.length).toBeLessThan(200);
});

test('names a process whose program can not be read', () => {
  expect(nameProgram({ executable: '[sudo]', script: null })).toBe('[sudo]');
  expect(nameProgram({ executable: '/usr/bin/python3', script: '-m awscli' })).toBe('python3 -m awscli');
});
