// POST /v1/team: fetches and checks a team file, applies it unless it is a dry run, and answers with the changes.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { parseConfigDocument } from '../../aws-config/document/document.ts';
import { addSession } from '../../aws-config/sessions/new-session.ts';
import { ConflictError, UsageError } from '../../core/errors.ts';
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { parseSettingsFile } from './settings-file.ts';
import { teamFileBeside } from './settings.ts';
import type { Handlers } from '../http/surface.ts';
import { formatTeamFile, parseTeamFile, readTeamSource, type TeamFile } from './team-file.ts';
import { createFetchTeam, isAddress, wrong } from './fetch-team.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';

export function createTeamHandlers(deps: {
  readonly configFile: ConfigFile;
  readonly settingsPath: string;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly network: Parameters<typeof createFetchTeam>[0];
}): Pick<Handlers, 'team'> {
  const { configFile, settingsPath } = deps;
  const teamPath = teamFileBeside(settingsPath);
  const fetchTeam = createFetchTeam(deps.network);

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
      const { text: fetched, digest, redirectedTo, signer } = await fetchTeam(source, body, earlier);
      if (body.digest !== undefined && body.digest !== digest) {
        throw new ConflictError('config-changed-meanwhile', `${source} has changed since it was shown.`, {
          hint: 'rolecall setup --refresh',
        });
      }
      const team = parse(source, fetched);
      const signature = signer?.accept(team);
      const own = await readPrivateFile(settingsPath, MAX_SETTINGS_BYTES);
      const overruled = findOverruled(team, own === undefined ? {} : parseSettingsFile(settingsPath, own));
      const text = formatTeamFile(source, fetched, signer);
      const writes = body.dryRun !== true;
      const { kept, ...config } = await untilUnchanged(() => addSessions(team, writes));
      const teamWritten = writes && text !== earlier;
      if (teamWritten) await writePrivateFile(teamPath, text);
      if (config.written || teamWritten) deps.audit.record({ event: 'team-taken', surface });
      return {
        source,
        ...(redirectedTo === undefined ? {} : { redirectedTo }),
        digest,
        ...(signature === undefined ? {} : { signature }),
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
