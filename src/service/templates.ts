// Fills in the templates of systemd/ and launchd/, and quotes each value for its reader.
import { readFileSync } from 'node:fs';
import { UsageError } from '../core/errors.ts';
import { ENDPOINT_NAMES, UNSET_FOR_SERVICE } from '../platform/service/daemon-environment.ts';
import {
  LAUNCHD_LABEL,
  SYSTEMD_REVISION,
  SYSTEMD_SERVICE,
  SYSTEMD_SOCKET,
} from '../platform/service/installed-service.ts';

interface CommandValues {
  readonly nodePath: string;
  /** `dist/daemon/main.js` of the installation. */
  readonly mainPath: string;
}

export interface SystemdServiceValues extends CommandValues {
  readonly serviceEnvironmentPath: string;
  readonly ownEnvironmentPath: string;
}

export interface LaunchAgentValues extends CommandValues {
  readonly environment: Readonly<Record<string, string>>;
  readonly errorLogPath: string;
}

/**
 * The socket unit, with a symlink for clients that know only HOME.
 * @throws UsageError usage: the path contains a character that a unit cannot
 */
export function fillSystemdSocket(aliasPath: string): string {
  return fill(`systemd/${SYSTEMD_SOCKET}`, { alias: systemdWord(aliasPath) });
}

/** @throws UsageError usage: a path contains a character that a unit cannot */
export function fillSystemdService(values: SystemdServiceValues): string {
  return fill(`systemd/${SYSTEMD_SERVICE}`, {
    revision: String(SYSTEMD_REVISION),
    node: systemdWord(values.nodePath),
    // A `$` starts a variable only in the arguments, not in the program.
    main: systemdWord(values.mainPath).replaceAll('$', '$$$$'),
    unset: UNSET_FOR_SERVICE.join(' '),
    emptyEndpoints: ENDPOINT_NAMES.map((name) => `${name}=`).join(' '),
    serviceEnvironment: systemdText(values.serviceEnvironmentPath),
    ownEnvironment: systemdText(values.ownEnvironmentPath),
  });
}

/** The variables in systemd's format. @see systemd.exec(5), EnvironmentFile */
export function formatEnvironmentFile(environment: LaunchAgentValues['environment']): string {
  const lines = Object.entries(environment)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${value.replace(/[\\"$`]/g, String.raw`\$&`)}"\n`);
  return `# Variables of the shell that ran \`rolecall service install\`, which overwrites this file. Put your own into the file "environment" beside the settings.\n${lines.join('')}`;
}

const LAUNCHD_OVERRIDDEN = ['NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED'] as const;

export function fillLaunchAgent(values: LaunchAgentValues): string {
  // The plist can override variables of launchd's environment but not remove them. Empty ones have no effect.
  const overridden = [...LAUNCHD_OVERRIDDEN, ...ENDPOINT_NAMES].map((name) => [name, '']);
  const environment = { ...Object.fromEntries(overridden), ...values.environment } as Record<string, string>;
  const variables = Object.entries(environment)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n\t\t<key>${escapeXml(name)}</key>\n\t\t<string>${escapeXml(value)}</string>`);
  return fill(`launchd/${LAUNCHD_LABEL}.plist`, {
    label: LAUNCHD_LABEL,
    node: escapeXml(values.nodePath),
    main: escapeXml(values.mainPath),
    environment: variables.join(''),
    errorLog: escapeXml(values.errorLogPath),
  });
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(new URL(`../../${template}`, import.meta.url), 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${template} has a blank "${name}" that is not filled in`);
    return value;
  });
}

/** The rest of a line, in which only the specifiers of systemd.unit(5) are special. */
function systemdText(path: string): string {
  if (/[\u0000-\u001f\u007f]/.test(path) || path !== path.trim() || path.endsWith('\\')) {
    throw new UsageError('usage', `The path ${JSON.stringify(path)} cannot be written in a systemd unit.`, {
      hint: 'rolecall daemon start',
    });
  }
  return path.replaceAll('%', '%%');
}

/** One quoted word of a list or a command. */
function systemdWord(path: string): string {
  return `"${systemdText(path).replace(/[\\"]/g, String.raw`\$&`)}"`;
}

function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? '');
}
