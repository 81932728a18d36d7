// Reads what adoption needs from aws-sso-cli's settings: its Identity Center instances and its profile name format.
import { join } from 'node:path';
import type { ForeignSession } from '../../aws-config/adoption/session-book.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { readPrivateFile } from '../../platform/files/private-file.ts';

export interface AwsSsoSettings {
  readonly path: string;
  readonly sessions: readonly ForeignSession[];
  /** A Go template. */
  readonly profileFormat?: string;
}

/** Undefined when there is no file; unparsable or unrelated files have no sessions. Tokens are never read. */
export async function readAwsSsoSettings(
  homeDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AwsSsoSettings | undefined> {
  for (const path of awsSsoSettingsPaths(homeDirectory, environment)) {
    const text = await readPrivateFile(path, MAX_SETTINGS_BYTES);
    if (text !== undefined) return { path, ...(await parseAwsSsoSettings(text).catch(() => ({ sessions: [] }))) };
  }
  return undefined;
}

/** In aws-sso-cli's own order: the older location comes first. */
export function awsSsoSettingsPaths(
  homeDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const named = environment['AWS_SSO_CONFIG'] ?? '';
  const configHome = environment['XDG_CONFIG_HOME'] ?? '';
  return [
    ...(named === '' ? [] : [named.replace(/^~(?=\/)/u, () => homeDirectory)]),
    join(homeDirectory, '.aws-sso', 'config.yaml'),
    join(configHome === '' ? join(homeDirectory, '.config') : configHome, 'aws-sso', 'config.yaml'),
  ];
}

/** @throws Error: the text is not YAML */
export async function parseAwsSsoSettings(text: string): Promise<Omit<AwsSsoSettings, 'path'>> {
  // Few machines have this file, so load the parser only now.
  const { parse: parseYaml } = await import('yaml');
  const root: unknown = parseYaml(text, { logLevel: 'error', maxAliasCount: 100 });
  const format = fieldOf(root, 'ProfileFormat');
  const sessions = Object.entries(asRecord(fieldOf(root, 'SSOConfig'))).flatMap(([name, entry]): ForeignSession[] => {
    const [startUrl, region] = [fieldOf(entry, 'StartUrl'), fieldOf(entry, 'SSORegion')];
    return typeof startUrl === 'string' && typeof region === 'string' ? [{ name, startUrl, region }] : [];
  });
  return { sessions, ...(typeof format === 'string' ? { profileFormat: format } : {}) };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function fieldOf(value: unknown, name: string): unknown {
  const record = asRecord(value);
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
