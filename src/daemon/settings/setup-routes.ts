// GET /v1/start-url and POST /v1/setup: what `rolecall setup` asks for and the lines it writes.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { parseConfigDocument } from '../../aws-config/document/document.ts';
import { addSession } from '../../aws-config/sessions/new-session.ts';
import {
  nameProfiles,
  parseNameTemplate,
  roleKey,
  type NameableRole,
} from '../../aws-config/profiles/profile-names.ts';
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';
import type { SetupRequestDocument } from '../../local-api/schemas.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { editSettings, type WantedSettings } from './settings-edit.ts';
import type { Settings } from './settings.ts';
import type { Handlers } from '../http/surface.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';

export function createSetupHandlers(deps: {
  readonly configFile: ConfigFile;
  readonly settingsPath: string;
  readonly settings: Settings;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly findRegion: (startUrl: string) => Promise<string | undefined>;
  /** AWS's start URL to which a company's own leads. @throws Error: it does not, with the reason as a sentence */
  readonly followStartUrl: (startUrl: string) => Promise<string>;
}): Pick<Handlers, 'startUrl' | 'setup'> {
  const { configFile, settingsPath } = deps;

  async function editConfig(request: SetupRequestDocument, dryRun: boolean) {
    const { document } = await configFile.read();
    const sessions = [...(request.session === undefined ? [] : [request.session]), ...(request.moreSessions ?? [])];
    const text = sessions.reduce((before, { name, ...session }) => {
      const { startUrl } = parseStartUrl(session.startUrl);
      const region = parseRegion(session.region);
      return addSession(parseConfigDocument(before, configFile.path), { sessionName: name, startUrl, region });
    }, document.text);
    const diff = unifiedDiff(document.text, text, configFile.path);
    const written = !dryRun && (await configFile.write(document.text, text)) === 'written';
    return { path: configFile.path, written, diff };
  }

  async function findLead(startUrl: string): Promise<{ leadsTo?: string; leadsNowhere?: string }> {
    try {
      const leadsTo = await deps.followStartUrl(startUrl);
      return leadsTo === startUrl ? {} : { leadsTo };
    } catch (fault) {
      return { leadsNowhere: (fault as Error).message };
    }
  }

  return {
    async startUrl({ query }) {
      const { startUrl, isAws } = parseStartUrl(query.text);
      const lead = isAws ? {} : await findLead(startUrl);
      const atAws = parseStartUrl(lead.leadsTo ?? startUrl);
      if (atAws.region !== undefined) return { startUrl, isAws, region: atAws.region, regionIs: 'in-the-url', ...lead };
      const found = atAws.isAws ? await deps.findRegion(atAws.startUrl) : undefined;
      return { startUrl, isAws, region: found ?? null, regionIs: found === undefined ? null : 'on-the-page', ...lead };
    },
    async setup({ body }, { surface }) {
      const dryRun = body.dryRun === true;
      const template = body.nameTemplate ?? deps.settings.profiles.name;
      const preview = previewNames(template);
      const before = (await readPrivateFile(settingsPath, MAX_SETTINGS_BYTES)) ?? '';
      const wanted: WantedSettings = {
        ...(body.nameTemplate === undefined ? {} : { nameTemplate: body.nameTemplate }),
        ...(body.secretStore === undefined ? {} : { secretStore: body.secretStore }),
      };
      const settings = editSettings(settingsPath, before, wanted);
      const config = await untilUnchanged(() => editConfig(body, dryRun));
      const isChanged = settings.text !== before;
      if (isChanged && !dryRun) await writePrivateFile(settingsPath, settings.text);
      if (config.written || (isChanged && !dryRun)) deps.audit.record({ event: 'settings-written', surface });
      return {
        config,
        settings: {
          path: settingsPath,
          written: isChanged && !dryRun,
          diff: unifiedDiff(before, settings.text, settingsPath),
          kept: [...settings.kept],
        },
        preview,
      };
    },
  };
}

/** Example accounts for the name preview. */
const EXAMPLES: readonly NameableRole[] = [
  {
    sessionName: 'my-sso-session',
    accountId: '111111111111',
    accountName: 'Log Archive',
    permissionSet: 'ReadOnlyAccess',
  },
  {
    sessionName: 'my-sso-session',
    accountId: '222222222222',
    accountName: 'shop-prod',
    permissionSet: 'AdministratorAccess',
  },
];

function previewNames(template: string) {
  const names = nameProfiles({ template: parseNameTemplate(template), roles: EXAMPLES, issued: new Map() });
  return EXAMPLES.map((role) => ({
    accountName: role.accountName ?? '',
    accountId: role.accountId,
    permissionSet: role.permissionSet,
    profileName: names.get(roleKey(role)) ?? '',
  }));
}
