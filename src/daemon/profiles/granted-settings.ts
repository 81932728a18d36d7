// Reads Granted's Identity Center instances from its settings, which are TOML.
import { join } from 'node:path';
import type { ForeignSession } from '../../aws-config/adoption/session-book.ts';

/** In Granted's own order: it uses the XDG folder only if the older folder does not exist. */
export function grantedSettingsPaths(
  homeDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const configHome = environment['XDG_CONFIG_HOME'] ?? '';
  return [
    join(homeDirectory, '.granted', 'config'),
    join(configHome === '' ? join(homeDirectory, '.config') : configHome, 'granted', 'config'),
  ];
}

/**
 * The `[SSO.name]` tables and the default of `granted sso populate`.
 * @throws Error: the text is not TOML
 * @see https://docs.commonfate.io/granted/usage/automatic-config-generation
 */
export async function parseGrantedSettings(text: string): Promise<readonly ForeignSession[]> {
  const { parse } = await import('smol-toml');
  const root = foldKeys(parse(text));
  const tables: [string, unknown][] = Object.entries(asRecord(root['sso']));
  const entries = tables.map(([name, table]) => {
    const { starturl, ssoregion } = foldKeys(table);
    return { name, startUrl: starturl, region: ssoregion };
  });
  const byDefault = {
    name: '',
    startUrl: root['commonfatedefaultssostarturl'],
    region: root['commonfatedefaultssoregion'],
  };
  return [...entries, byDefault].flatMap(({ name, startUrl, region }): ForeignSession[] =>
    typeof startUrl === 'string' && startUrl !== ''
      ? [{ name, startUrl, region: typeof region === 'string' ? region : '' }]
      : [],
  );
}

/** Granted's TOML library ignores case. */
function foldKeys(value: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([key, entry]) => [key.toLowerCase(), entry]));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
