// `rolecall log`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '-f, --follow': 'keep printing new lines, until Ctrl-C',
  '--since <time>': 'only newer lines: 30m, 2h, 3d, or a date like 2026-11-30 or 2026-11-30T14:00',
  '--role <words>': 'only lines about roles that match: a profile name, or words as for `rolecall ls`',
  '-n, --lines <number>': 'only the last lines; with --follow 10 if neither this nor --since is given',
  '--verify': 'check that no line was changed or removed; exit code 1 if one was',
  '--no-pager': 'print a long log as it is, without a pager',
  '--json': 'print the lines as they are in the file; with --verify the result as JSON',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'troubleshooting',
  description: 'show which program got the credentials of which role, and when',
  options,
  help: `
The audit log has sign-ins, credentials that were handed out or refused, grants,
console links, approvals, and changes of settings; newest last. It is read from
its file, also while the daemon is stopped. docs/audit-log.md describes it.

  rolecall log --since 2h
  rolecall log --role prod --follow
  rolecall log --json | jq 'select(.event == "credentials-refused")'
  rolecall log --verify`,
  run: async (values, context) => (await import('./run.ts')).runLog(values, context),
} as const;
