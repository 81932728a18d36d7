// GET /v1/found-sessions: Identity Center instances in the files of the AWS CLI and of other tools, for the first run.
import { findSessions, type NamedByTool } from '../../aws-config/adoption/found-sessions.ts';
import type { AdoptionSource } from '../../aws-config/adoption/foreign-command.ts';
import type { ForeignSession } from '../../aws-config/adoption/session-book.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { UnreadableFileError } from '../../platform/files/bounded-read.ts';
import { errorCode } from '../../platform/files/file-error.ts';
import { readOwnFile } from '../../platform/files/own-file.ts';
import type { Handlers } from '../http/surface.ts';
import { awsSsoSettingsPaths, MAX_AWS_SSO_BYTES, parseAwsSsoSettings } from './aws-sso-settings.ts';
import { grantedSettingsPaths, parseGrantedSettings } from './granted-settings.ts';

export function createFoundSessionsHandlers(deps: {
  readonly configFile: ConfigFile;
  readonly homeDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
}): Pick<Handlers, 'foundSessions'> {
  const { configFile, homeDirectory, environment, userId } = deps;

  /** The sessions of the tool's first settings file that exists; a file that cannot be used gives a note. */
  async function readTool(
    tool: AdoptionSource,
    { paths, maxBytes }: { readonly paths: readonly string[]; readonly maxBytes: number },
    parse: (text: string) => Promise<readonly ForeignSession[]>,
    notes: string[],
  ): Promise<readonly NamedByTool[]> {
    for (const path of paths) {
      try {
        const text = await readOwnFile(path, maxBytes, userId);
        return (await parse(text)).map((session) => ({ ...session, tool }));
      } catch (error) {
        const code = errorCode(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') continue;
        notes.push(`${path} was not read: ${reasonFor(error)}.`);
        return [];
      }
    }
    return [];
  }

  return {
    async foundSessions() {
      const notes: string[] = [];
      const awsSso = await readTool(
        'aws-sso',
        { paths: awsSsoSettingsPaths(homeDirectory, environment), maxBytes: MAX_AWS_SSO_BYTES },
        async (text) => (await parseAwsSsoSettings(text)).sessions,
        notes,
      );
      const granted = await readTool(
        'granted',
        { paths: grantedSettingsPaths(homeDirectory, environment), maxBytes: MAX_SETTINGS_BYTES },
        parseGrantedSettings,
        notes,
      );
      const { document } = await configFile.read();
      const sessions = findSessions(document, [...awsSso, ...granted]);
      return { sessions: sessions.map((session) => ({ ...session, tools: [...session.tools] })), notes };
    },
  };
}

function reasonFor(error: unknown): string {
  if (error instanceof UnreadableFileError) return `it is ${error.reason}`;
  const code = errorCode(error) ?? '';
  if (code === 'EACCES') return 'permission denied';
  // The parsers have codes of their own.
  return /^E[A-Z0-9]+$/u.test(code) ? `the system reports ${code}` : 'it cannot be parsed';
}
