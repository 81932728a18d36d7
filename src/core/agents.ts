// Recognizes a coding agent by the environment variables that it sets for the programs it starts.

/**
 * The variables by which the AWS CLI recognizes agents for its User-Agent header, in its order. Without a value, any value
 * but an empty one counts.
 * @see https://github.com/aws/aws-cli/blob/2.35.24/awscli/botocore/useragent.py
 *   `_USERAGENT_AGENTIC_CALLER_ENV_VAR_MAPPINGS`, new in 2.35.24 (2026-07-15) and the same in 2.36.7
 */
const AGENTS: readonly { readonly variable: string; readonly value?: string; readonly name: string }[] = [
  { variable: 'CLAUDECODE', value: '1', name: 'Claude Code' },
  { variable: 'GEMINI_CLI', value: '1', name: 'Gemini CLI' },
  { variable: 'CODEX_THREAD_ID', name: 'Codex' },
  { variable: 'KIRO_SESSION_ID', name: 'Kiro' },
  { variable: 'OPENCODE', name: 'OpenCode' },
  { variable: 'ANTIGRAVITY_AGENT', name: 'Antigravity' },
  { variable: 'AMP_CURRENT_THREAD_ID', name: 'Amp' },
  { variable: 'PI_CODING_AGENT', value: 'true', name: 'Pi' },
  { variable: 'COPILOT_CLI', value: '1', name: 'Copilot CLI' },
  { variable: 'CURSOR_AGENT', value: '1', name: 'Cursor' },
];

/**
 * The agent that started a program with this environment; undefined if there is none, or if it hides. Any program can set
 * or unset the variables, so this informs a person and decides nothing.
 */
export function findAgent(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  return AGENTS.find(({ variable, value }) => {
    const found = environment[variable] ?? '';
    return value === undefined ? found !== '' : found === value;
  })?.name;
}
