// Finds name templates in config.toml that cannot be used, or that name all profiles alike.
import { parseNameTemplate } from '../../aws-config/profiles/profile-names.ts';
import { UsageError } from '../../core/errors.ts';
import type { Problem } from '../../core/problems.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { SettingsFile } from './settings-schema.ts';
import { findTomlLine } from './toml-lines.ts';

/** Wrong templates of `[[chain]]` are errors already. */
export function findTemplateProblems(path: string, text: string, { profiles, role = [] }: SettingsFile): Problem[] {
  const candidates = [
    { segments: ['profiles', 'name'], reason: profiles?.name === undefined ? undefined : findNameFault(profiles.name) },
    ...role.map(({ alias }, index) => ({
      segments: ['role', String(index), 'alias'],
      reason: alias === undefined ? undefined : findFault(alias, 'role.alias'),
    })),
  ];
  return candidates.flatMap(({ segments, reason }) => {
    if (reason === undefined) return [];
    const line = findTomlLine(text, segments);
    return [
      { code: 'template-invalid', message: `${path}, line ${line}: ${reason}`, hint: editCommand(path, line) } as const,
    ];
  });
}

function findFault(template: string, setting: string): string | undefined {
  try {
    parseNameTemplate(template, setting);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

function findNameFault(template: string): string | undefined {
  const fault = findFault(template, 'profiles.name');
  if (fault !== undefined) return fault;
  if (/\{(?:account_name|account_id|permission_set)\}/u.test(template)) return undefined;
  return 'profiles.name gives all roles the same name, so rolecall adds account ids and hashes. Use {account_name} and {permission_set}.';
}
