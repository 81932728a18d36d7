// Reports tables of config.toml for sso-sessions that ~/.aws/config does not have.
import type { ConfigDocument } from '../../aws-config/document/document.ts';
import type { Problem } from '../../core/problems.ts';
import { nearest } from '../../core/text/nearest.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { Settings } from './settings.ts';

/** One problem for each `[session.NAME]` of the user's own file, in file order. */
export function findMissingSessions(
  settingsFile: string,
  { sessionLines }: Pick<Settings, 'sessionLines'>,
  config: Pick<ConfigDocument, 'path' | 'sections'>,
): Problem[] {
  if (sessionLines.size === 0) return [];
  const names = config.sections.flatMap(({ kind, name }) => (kind === 'sso-session' ? [name] : []));
  const known = new Set(names);
  return [...sessionLines].flatMap(([name, line]) => {
    if (known.has(name)) return [];
    const meant = nearest(name, names);
    const question = meant === undefined ? '' : ` Did you mean "${meant}"?`;
    return [
      {
        code: 'settings-session-missing',
        message: `${settingsFile}, line ${line}: [session.${name}] has no effect, because ${config.path} has no [sso-session ${name}].${question}`,
        hint: editCommand(settingsFile, line),
      },
    ];
  });
}
