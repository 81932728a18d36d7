// Reads what adoption needs from aws-sso-cli's settings: its Identity Center instances and its profile name format.
import { join } from 'node:path';
import type { ForeignSession } from '../../aws-config/adoption/session-book.ts';
import { readPrivateFile } from '../../platform/files/private-file.ts';

/** With 833 accounts it has about 200 kB. Parsing 4 MiB can take the daemon half a minute. */
export const MAX_AWS_SSO_BYTES = 1024 * 1024;
/** Of brackets; the settings themselves need two. */
const MAX_DEPTH = 100;

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
    const text = await readPrivateFile(path, MAX_AWS_SSO_BYTES);
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
  if (isDeep(text)) throw new Error('the text is nested too deeply');
  const root: unknown = parseYaml(text, {
    logLevel: 'error',
    maxAliasCount: 100,
    prettyErrors: false,
    // Comparing each key with all others takes half a minute for 40,000 keys, in which the daemon answers nobody.
    uniqueKeys: false,
  });
  const format = fieldOf(root, 'ProfileFormat');
  const sessions = Object.entries(asRecord(fieldOf(root, 'SSOConfig'))).flatMap(([name, entry]): ForeignSession[] => {
    const [startUrl, region] = [fieldOf(entry, 'StartUrl'), fieldOf(entry, 'SSORegion')];
    return typeof startUrl === 'string' && typeof region === 'string' ? [{ name, startUrl, region }] : [];
  });
  return { sessions, ...(typeof format === 'string' ? { profileFormat: format } : {}) };
}

/** As of yaml 2.9, 50,000 opened brackets end the whole process: its parser is recursive, and V8 then runs out of memory. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    // Closing ones in a comment must not hide what follows.
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function fieldOf(value: unknown, name: string): unknown {
  const record = asRecord(value);
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
