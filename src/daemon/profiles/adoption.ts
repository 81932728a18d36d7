// Applies an adoption plan to the config file after saving a backup, and restores the backup on undo.
import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { planAdoption, type AdoptionPlan } from '../../aws-config/adoption/adoption-plan.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { parseConfigDocument, type ConfigDocument } from '../../aws-config/document/document.ts';
import { ADOPTION_SOURCES, type AdoptionSource } from '../../aws-config/adoption/foreign-command.ts';
import { findManagedBlockLeniently, replaceManagedBlock } from '../../aws-config/document/managed-block.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { AdoptionDocument } from '../../local-api/schemas.ts';
import { readAwsSsoSettings } from './aws-sso-settings.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';

export interface Adoption {
  /** @throws UsageError config-malformed; ConflictError config-section-not-ours, config-changed-meanwhile */
  adopt(
    sources: readonly AdoptionSource[] | undefined,
    dryRun: boolean,
    onlySession?: string,
  ): Promise<AdoptionDocument>;
  /** Restores the file from before the latest adoption. @throws NotFoundError profile-not-found: nothing to undo; ConflictError config-changed-meanwhile */
  undo(dryRun: boolean): Promise<AdoptionDocument>;
}

interface AdoptionRecord {
  readonly schemaVersion: 1;
  readonly configFile: string;
  /** The whole config file before the adoption. */
  readonly before: string;
  /** Hash of the text outside our block after the adoption, to detect later changes. */
  readonly afterHash: string;
}

export function createAdoption(deps: {
  readonly configFile: ConfigFile;
  readonly directory: string;
  readonly homeDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly credentialProcessPath: string;
}): Adoption {
  const { configFile, directory } = deps;

  async function numbers(): Promise<number[]> {
    const names = await readdir(directory).catch((): string[] => []);
    return names
      .flatMap((name) => /^(\d+)\.json$/u.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
  }

  const recordPath = (number: number) => join(directory, `${number}.json`);
  /** Serializes calls: concurrent ones would choose the same backup number, and one that fails deletes its backup. */
  const inTurn = createSerialQueue();

  async function adopt(
    wanted: readonly AdoptionSource[] | undefined,
    dryRun: boolean,
    onlySession: string | undefined,
  ): Promise<AdoptionDocument> {
    const sources = new Set(wanted ?? ADOPTION_SOURCES);
    const { document } = await configFile.read();
    const awsSso = sources.has('aws-sso') ? await readAwsSsoSettings(deps.homeDirectory, deps.environment) : undefined;
    const plan = planAdoption({
      document,
      sources,
      awsSsoSessions: awsSso?.sessions ?? [],
      ...(onlySession === undefined ? {} : { onlySession }),
      credentialProcessPath: deps.credentialProcessPath,
    });
    let backup: string | null = null;
    if (!dryRun && plan.diff !== '') {
      backup = recordPath(((await numbers()).at(-1) ?? 0) + 1);
      const record: AdoptionRecord = {
        schemaVersion: 1,
        configFile: configFile.path,
        before: document.text,
        afterHash: hashOutside(plan.text),
      };
      await writePrivateFile(backup, JSON.stringify(record));
      try {
        await configFile.write(document.text, plan.text);
      } catch (error) {
        await unlink(backup).catch(() => undefined);
        throw error;
      }
    }
    return describe(plan, configFile.path, backup, awsSso?.profileFormat);
  }

  async function undo(dryRun: boolean): Promise<AdoptionDocument> {
    const latest = (await numbers()).at(-1);
    const path = recordPath(latest ?? 0);
    const record = parseRecord(latest === undefined ? undefined : await readPrivateFile(path));
    if (record === undefined || record.configFile !== configFile.path) {
      throw new NotFoundError(
        'profile-not-found',
        `There is nothing to undo: no profiles in ${configFile.path} were adopted.`,
        {
          hint: 'rolecall profiles adopt --help',
        },
      );
    }
    const { document } = await configFile.read();
    if (hashOutside(document.text) !== record.afterHash) {
      throw new ConflictError(
        'config-changed-meanwhile',
        `${configFile.path} has changed since the adoption, and undo would discard those changes. The original text is "before" in ${path}.`,
        { hint: `jq -r .before ${quoteForShell(path)} | diff - ${quoteForShell(configFile.path)}` },
      );
    }
    const before = withBlockOf(document, record.before);
    const diff = unifiedDiff(document.text, before, configFile.path);
    if (!dryRun) {
      await configFile.write(document.text, before);
      await unlink(path);
    }
    return {
      configFile: configFile.path,
      written: !dryRun && diff !== '',
      adopted: [],
      left: [],
      newSessions: [],
      notes: [],
      diff,
      backup: path,
    };
  }

  return {
    adopt: (wanted, dryRun, onlySession) => inTurn(() => untilUnchanged(() => adopt(wanted, dryRun, onlySession))),
    undo: (dryRun) => inTurn(() => undo(dryRun)),
  };
}

/** The original text, but with our block as the last sync wrote it. */
function withBlockOf(now: ConfigDocument, before: string): string {
  const document = parseConfigDocument(before, now.path);
  const [block, blockNow] = [findManagedBlockLeniently(document), findManagedBlockLeniently(now)];
  if (blockNow === undefined) return before;
  const written = now.text.slice(blockNow.startOffset, blockNow.endOffset);
  if (block !== undefined && before.slice(block.startOffset, block.endOffset) === written) return before;
  return replaceManagedBlock(document, block, written.split(/\r?\n/u).slice(1, -1));
}

/** Hash of the text outside our block, which a sync may change at any time. */
function hashOutside(text: string): string {
  const document = parseConfigDocument(text, '');
  const block = findManagedBlockLeniently(document);
  const outside = block === undefined ? text : text.slice(0, block.startOffset) + text.slice(block.endOffset);
  return createHash('sha256')
    .update(outside.replace(/[\r\n]+$/u, ''))
    .digest('hex');
}

function parseRecord(text: string | undefined): AdoptionRecord | undefined {
  try {
    const record = JSON.parse(text ?? '') as Partial<AdoptionRecord>;
    const isWhole =
      record.schemaVersion === 1 && typeof record.before === 'string' && typeof record.afterHash === 'string';
    return isWhole ? (record as AdoptionRecord) : undefined;
  } catch {
    return undefined;
  }
}

function describe(
  plan: AdoptionPlan,
  configFile: string,
  backup: string | null,
  profileFormat: string | undefined,
): AdoptionDocument {
  return {
    configFile,
    written: backup !== null,
    adopted: plan.adopted.map(({ sessionName, ...profile }) => ({ ...profile, session: sessionName })),
    left: plan.left.map((profile) => ({ ...profile })),
    newSessions: plan.newSessions.map(({ sessionName, startUrl, region }) => ({
      session: sessionName,
      startUrl,
      region,
    })),
    notes: describeTools(plan, profileFormat),
    diff: plan.diff,
    backup,
  };
}

/** Notes about the tools that the adopted profiles came from. */
function describeTools(plan: AdoptionPlan, profileFormat: string | undefined): string[] {
  const from = new Set(plan.adopted.map(({ source }) => source));
  const template = profileFormat === undefined ? undefined : translateFormat(profileFormat);
  return [
    ...(from.has('aws-sso')
      ? [
          'Do not run "aws-sso setup profiles" any more, and turn AutoConfigCheck off in its settings: both write its block again.',
        ]
      : []),
    ...(from.has('granted')
      ? ['Do not use "granted sso populate" or a profile registry any more: both write these profiles again.']
      : []),
    ...(template === undefined || !from.has('aws-sso')
      ? []
      : [`To name new roles as aws-sso does, set this under [profiles] in config.toml: name = "${template}"`]),
  ];
}

/** Translates aws-sso's Go template to our name template; undefined when that is not possible. A colon becomes a dash. */
function translateFormat(format: string): string | undefined {
  const translated = format
    .replace(/\{\{\s*(?:FirstItem\s+)?\.AccountName\b[^}]*\}\}/gu, '{account_name}')
    .replace(/\{\{\s*(?:\.AccountId|\.AccountIdPad|AccountIdStr\s+\.AccountId)\s*\}\}/gu, '{account_id}')
    .replace(/\{\{\s*\.RoleName\s*\}\}/gu, '{permission_set}')
    .replace(/\{\{\s*\.SSO\s*\}\}/gu, '{session}');
  return /\{\{|["\\]|\p{Cc}/u.test(translated) ? undefined : translated;
}
