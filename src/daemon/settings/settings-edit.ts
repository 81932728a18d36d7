// Adds settings to config.toml for `rolecall setup`: one line for each missing key, everything else unchanged.
import { DEFAULT_NAME_TEMPLATE } from '../../core/name-template.ts';
import { parseSettingsFile } from './settings-file.ts';
import type { SettingsFile } from './settings-schema.ts';

export interface WantedSettings {
  readonly secretStore?: 'keychain' | 'file' | 'memory';
  readonly nameTemplate?: string;
}

export interface SettingsEdit {
  readonly text: string;
  /** Keys that the user has already set to another value; they are not changed. */
  readonly kept: readonly string[];
}

const DEFAULTS = { secretStore: 'keychain', nameTemplate: DEFAULT_NAME_TEMPLATE } as const;

/**
 * The file's text with the wanted settings added. Defaults and settings that are already there are not written.
 * @throws UsageError settings-invalid: the existing file is not valid
 */
export function editSettings(path: string, text: string, wanted: WantedSettings): SettingsEdit {
  const present = text === '' ? {} : parseSettingsFile(path, text);
  const kept: string[] = [];
  let edited = text;
  const consider = (
    key: string,
    has: string | undefined,
    wants: string | undefined,
    standard: string,
    add: () => void,
  ) => {
    if (wants === undefined || wants === (has ?? standard)) return;
    if (has === undefined) add();
    else kept.push(key);
  };
  consider('secret_store', present.secret_store, wanted.secretStore, DEFAULTS.secretStore, () => {
    edited = addToTop(edited, `secret_store = ${JSON.stringify(wanted.secretStore)}`);
  });
  consider('profiles.name', present.profiles?.name, wanted.nameTemplate, DEFAULTS.nameTemplate, () => {
    edited = addToProfiles(edited, present, `name = ${JSON.stringify(wanted.nameTemplate)}`);
  });
  if (edited !== text) parseSettingsFile(path, edited);
  return { text: edited, kept };
}

/** Top-level keys must come before the first table. */
function addToTop(text: string, line: string): string {
  const lines = text.split(/(?<=\n)/);
  const table = lines.findIndex((candidate) => /^\s*\[/.test(candidate));
  if (table === -1) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
  return [...lines.slice(0, table), `${line}\n`, ...(table === 0 ? ['\n'] : []), ...lines.slice(table)].join('');
}

function addToProfiles(text: string, { profiles }: SettingsFile, line: string): string {
  const lines = text.split(/(?<=\n)/);
  const table = lines.findIndex((candidate) => /^\s*\[\s*profiles\s*\]/.test(candidate));
  if (table !== -1) {
    return [...lines.slice(0, table), endLine(lines[table] ?? ''), `${line}\n`, ...lines.slice(table + 1)].join('');
  }
  // `profiles.sync = …` or an inline table: TOML does not allow a [profiles] table after it.
  if (profiles !== undefined) return addToTop(text, `profiles.${line}`);
  return `${endLine(text)}${text === '' ? '' : '\n'}[profiles]\n${line}\n`;
}

function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
