// Which coding agent is recognized by which environment variable.
import { expect, test } from 'vitest';
import { findAgent } from '../../src/core/agents.ts';

test.each([
  ['CLAUDECODE', '1', 'Claude Code'],
  ['GEMINI_CLI', '1', 'Gemini CLI'],
  ['CODEX_THREAD_ID', '0199-a', 'Codex'],
  ['KIRO_SESSION_ID', 's', 'Kiro'],
  ['OPENCODE', 'anything', 'OpenCode'],
  ['ANTIGRAVITY_AGENT', '1', 'Antigravity'],
  ['AMP_CURRENT_THREAD_ID', 'T-1', 'Amp'],
  ['PI_CODING_AGENT', 'true', 'Pi'],
  ['COPILOT_CLI', '1', 'Copilot CLI'],
  ['CURSOR_AGENT', '1', 'Cursor'],
])('%s=%s means %s, as for the AWS CLI', (variable, value, name) => {
  expect(findAgent({ PATH: '/usr/bin', [variable]: value })).toBe(name);
});

test.each([
  ['an empty value', { CODEX_THREAD_ID: '', OPENCODE: '' }],
  ['another value than the agent sets', { CLAUDECODE: '0', PI_CODING_AGENT: '1', CURSOR_AGENT: 'true' }],
  ['a variable of an editor, which is no agent', { CURSOR_TRACE_ID: 'x', TERM_PROGRAM: 'vscode' }],
  ['nothing', {}],
])('recognizes no agent by %s', (_what, environment) => {
  expect(findAgent(environment)).toBeUndefined();
});
