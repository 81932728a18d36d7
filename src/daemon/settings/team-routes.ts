// POST /v1/team: fetches and checks a team file, applies it unless it is a dry run, and answers with the changes.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { parseConfigDocument } from '../../aws-config/document/document.ts';
import { addSession } from '../../aws-config/sessions/new-session.ts';
import { ConflictError, UnavailableError, UsageError } from '../../core/errors.ts';
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';
import { download, type Download } from '../../identity-center/plain-download.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { readBoundedBytes, UnreadableFileError } from '../../platform/files/bounded-read.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { parseSettingsFile } from './settings-file.ts';
import { teamFileBeside } from './settings.ts';
import type { Handlers } from '../http/surface.ts';
import { formatTeamFile, MAX_TEAM_BYTES, parseTeamFile, readTeamSource, type TeamFile } from './team-file.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';

const TIMEOUT_MS = 20_000;

export function createTeamHandlers(deps: {
  readonly configFile: ConfigFile;
  readonly settingsPath: string;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly network: Parameters<typeof download>[2];
}): Pick<Handlers, 'team'> {
  const { configFile, settingsPath, network } = deps;
  const teamPath = teamFileBeside(settingsPath);

  async function fetchTeam(source: string): Promise<Download> {
    if (!isAddress(source)) return { text: await readPlainFile(source) };
    if (!URL.canParse(source)) throw wrong(`"${source}" is not a valid URL.`);
    const url = new URL(source);
    if (url.username !== '' || url.password !== '') {
      throw wrong('The URL of a team file must not contain a user name or password.');
    }
    return download(url, { maxBytes: MAX_TEAM_BYTES, timeoutMs: TIMEOUT_MS }, network);
  }

  /** Adds the team's sso-sessions to the shared config file; an existing session of the same name is not changed. */
  async function addSessions({ session = {} }: TeamFile, writes: boolean) {
    const { document } = await configFile.read();
    const kept: string[] = [];
    let text = document.text;
    for (const [sessionName, { start_url: startUrl, region }] of Object.entries(session)) {
      const wanted = { sessionName, startUrl: parseStartUrl(startUrl).startUrl, region: parseRegion(region) };
      try {
        text = addSession(parseConfigDocument(text, configFile.path), wanted);
      } catch (error) {
        if (!(error instanceof ConflictError) || error.code !== 'config-section-not-ours') throw error;
        kept.push(`[sso-session ${sessionName}]`);
      }
    }
    const written = writes && (await configFile.write(document.text, text)) === 'written';
    return { written, diff: unifiedDiff(document.text, text, configFile.path), kept };
  }

  return {
    async team({ body }, { surface }) {
      const earlier = await readPrivateFile(teamPath, MAX_SETTINGS_BYTES);
      const source = body.source ?? (earlier === undefined ? undefined : readTeamSource(earlier));
      if (source === undefined) {
        throw wrong('There is no team file to refresh. Install one with "rolecall setup --from SOURCE".');
      }
      const { text: fetched, redirectedTo } = await fetchTeam(source);
      const digest = createHash('sha256').update(fetched).digest('hex');
      if (body.digest !== undefined && body.digest !== digest) {
        throw new ConflictError('config-changed-meanwhile', `${source} has changed since it was shown.`, {
          hint: 'rolecall setup --refresh',
        });
      }
      const team = parse(source, fetched);
      const own = await readPrivateFile(settingsPath, MAX_SETTINGS_BYTES);
      const overruled = findOverruled(team, own === undefined ? {} : parseSettingsFile(settingsPath, own));
      const text = formatTeamFile(source, fetched);
      const writes = body.dryRun !== true;
      const { kept, ...config } = await untilUnchanged(() => addSessions(team, writes));
      const teamWritten = writes && text !== earlier;
      if (teamWritten) await writePrivateFile(teamPath, text);
      if (config.written || teamWritten) deps.audit.record({ event: 'team-taken', surface });
      return {
        source,
        ...(redirectedTo === undefined ? {} : { redirectedTo }),
        digest,
        team: { path: teamPath, written: teamWritten, diff: unifiedDiff(earlier ?? '', text, teamPath) },
        config: { path: configFile.path, ...config },
        sessions: Object.keys(team.session ?? {}),
        kept: [...overruled, ...kept],
        foreignStartUrls: Object.values(team.session ?? {}).flatMap(({ start_url: startUrl }) => {
          const parsed = parseStartUrl(startUrl);
          return parsed.isAws ? [] : [parsed.startUrl];
        }),
      };
    },
  };
}

function isAddress(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/iu.test(source);
}

/** For a downloaded file the hint of parseTeamFile, to open it in an editor, makes no sense. */
function parse(source: string, text: string): TeamFile {
  try {
    return parseTeamFile(source, text);
  } catch (error) {
    if (!(error instanceof UsageError) || !isAddress(source)) throw error;
    throw new UsageError('settings-invalid', error.message, { cause: error, hint: 'rolecall setup --help' });
  }
}

/** Keys that both files set to different values. */
function findOverruled(team: TeamFile, own: ReturnType<typeof parseSettingsFile>): string[] {
  const differing = (prefix: string, agreed: object = {}, mine: object = {}) =>
    Object.entries(mine).flatMap(([key, value]) => {
      const other = (agreed as Record<string, unknown>)[key];
      return other === undefined || JSON.stringify(other) === JSON.stringify(value) ? [] : [`${prefix}.${key}`];
    });
  return [
    ...differing('profiles', team.profiles, own.profiles),
    ...Object.entries(own.session ?? {}).flatMap(([name, mine]) =>
      differing(`session.${name}`, team.session?.[name], mine),
    ),
  ];
}

/** Unlike readBoundedFile, refuses /dev/null and bytes that are not UTF-8. */
async function readPlainFile(path: string): Promise<string> {
  if (!path.startsWith('/')) throw wrong(`"${path}" is not an absolute path.`);
  try {
    if (!(await stat(path)).isFile()) throw wrong(`${path} is not a regular file.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readBoundedBytes(path, MAX_TEAM_BYTES));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // A regular file is unreadable only because of its size.
    if (error instanceof UnreadableFileError) throw wrong(`${path} is larger than ${MAX_TEAM_BYTES / 1024} KiB.`);
    if (error instanceof TypeError) throw wrong(`${path} is not UTF-8 text.`);
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message = reason === 'ENOENT' ? `${path} does not exist.` : `${path} could not be read (${reason}).`;
    throw new UnavailableError('file-not-writable', message, { cause: error, hint: 'rolecall setup --help' });
  }
}

function wrong(message: string): UsageError {
  return new UsageError('invalid-request', message, { hint: 'rolecall setup --help' });
}
