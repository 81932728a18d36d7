// Caches the parsed shared config file and parses it again only when the file has changed.
import { once } from '../../core/async/once.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { describeProblem, type ConfigDocument, type ConfigSection } from '../../aws-config/document/document.ts';
import { noExtraKeys } from '../../aws-config/profiles/extra-keys.ts';
import {
  describeForeignKeys,
  findForeignKeys,
  type ExtraFor,
  type ForeignKey,
} from '../../aws-config/profiles/foreign-keys.ts';
import { findManagedBlock, isInsideBlock } from '../../aws-config/document/managed-block.ts';
import { readOwnProfile } from '../../aws-config/profiles/own-profiles.ts';
import { matchesSessionSelector } from '../../aws-config/profiles/session-selector.ts';
import {
  readCaBundle,
  readNativeSsoProfiles,
  readSsoSessions,
  type NativeSsoProfile,
} from '../../aws-config/sessions/sso-sessions.ts';
import { NotFoundError, toRolecallError, UsageError } from '../../core/errors.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import { forEachInSlices } from '../../core/async/steps.ts';
import { fingerprintFile } from '../../platform/files/file-fingerprint.ts';
import { readConfigProfiles, type ConfigProfiles } from './config-profiles.ts';

export interface SharedConfigReading {
  /** The sections of sso-sessions, usable or not. */
  readonly sessionSections: readonly ConfigSection[];
  /** Whether any profile may assume a role. */
  readonly mayHaveChains: boolean;
  /**
   * The file as it was read. With 20,000 profiles it takes tens of megabytes, so it is dropped once the profiles are known,
   * and read again if somebody needs it later.
   */
  document(): Promise<ConfigDocument>;
  readonly sessions: readonly SsoSession[];
  readonly nativeProfiles: readonly NativeSsoProfile[];
  readonly problems: readonly Problem[];
  /** `ca_bundle` of [default]. */
  readonly caBundle: string | undefined;
  /** Computed on first use. Returns the same object as before if the change did not affect profiles. */
  profiles(): Promise<ConfigProfiles>;
  /** Why a sync can't write our block: foreign content in it, or broken markers. Undefined when nothing is wrong. */
  blockConflict(): Promise<Problem | undefined>;
}

export interface SharedConfig {
  readonly path: string;
  /** @throws UnavailableError file-not-writable: the file exists but cannot be read */
  read(): Promise<SharedConfigReading>;
  /** The session with exactly this selector. @throws NotFoundError session-not-found, UsageError config-malformed */
  findSession(selector: string): Promise<SsoSession>;
  /** The session of that name from the last read, without disk access; undefined when it is not known. */
  peekSession(sessionName: string): SsoSession | undefined;
}

export function createSharedConfig(configFile: ConfigFile, extraFor: ExtraFor = noExtraKeys): SharedConfig {
  let cached: { readonly stamp: string; readonly reading: SharedConfigReading } | undefined;
  let latestProfiles: ConfigProfiles | undefined;

  async function readProfiles(document: ConfigDocument, sessions: readonly SsoSession[]): Promise<ConfigProfiles> {
    const profiles = await readConfigProfiles(document, sessions);
    if (latestProfiles?.digest !== profiles.digest) latestProfiles = profiles;
    return latestProfiles ?? profiles;
  }

  /** Parsing 20,000 profiles takes 200 ms, so concurrent callers share one parse. */
  const parsing = createSingleFlight<SharedConfigReading>();

  async function read(): Promise<SharedConfigReading> {
    const stamp = await fingerprintFile(configFile.path);
    return cached?.stamp === stamp ? cached.reading : parsing.run(stamp, () => parse(stamp));
  }

  async function parse(stamp: string): Promise<SharedConfigReading> {
    const { document } = await configFile.read();
    const { sessions, problems } = readSsoSessions(document);
    let held: ConfigDocument | undefined = document;
    const readDocument = async () => held ?? (await configFile.read()).document;
    const readLater = once(async () => {
      const profiles = await readProfiles(await readDocument(), sessions);
      const blockConflict = await findBlockConflict(await readDocument(), extraFor);
      held = undefined;
      return { profiles, blockConflict };
    });
    const reading: SharedConfigReading = {
      document: readDocument,
      sessionSections: document.sections.filter(({ kind }) => kind === 'sso-session'),
      mayHaveChains: document.text.includes('role_arn'),
      sessions,
      nativeProfiles: readNativeSsoProfiles(document),
      problems: [...document.problems, ...problems].map((problem) => ({
        code: 'config-malformed',
        message: describeProblem(configFile.path, problem),
        hint: editCommand(configFile.path, problem.line),
      })),
      caBundle: readCaBundle(document),
      profiles: async () => (await readLater()).profiles,
      blockConflict: async () => (await readLater()).blockConflict,
    };
    cached = { stamp, reading };
    return reading;
  }

  return {
    path: configFile.path,
    read,
    peekSession: (name) => cached?.reading.sessions.find(({ sessionName }) => sessionName === name),
    async findSession(selector) {
      const { sessions, problems } = await read();
      const found =
        sessions.find(({ sessionName }) => sessionName === selector) ??
        sessions.find(({ sessionName }) => matchesSessionSelector(selector, sessionName));
      if (found !== undefined) return found;
      const [problem] = problems;
      if (problem !== undefined && sessions.length === 0) {
        throw new UsageError('config-malformed', problem.message, { hint: problem.hint });
      }
      throw new NotFoundError(
        'session-not-found',
        `There is no sso-session "${selector}" in ${configFile.path}.${sessions.length === 0 ? '' : ` Available: ${sessions.map(({ sessionName }) => sessionName).join(', ')}.`}`,
        sessions.length === 0 ? { hint: 'rolecall setup' } : {},
      );
    },
  };
}

async function findBlockConflict(document: ConfigDocument, extraFor: ExtraFor): Promise<Problem | undefined> {
  const foreign: ForeignKey[] = [];
  try {
    const block = findManagedBlock(document);
    await forEachInSlices(document.sections, (section) => {
      if (!isInsideBlock(block, section.line)) return;
      foreign.push(...findForeignKeys(block, [readOwnProfile(document, section)], extraFor));
    });
    return describeForeignKeys(document, foreign)?.toBody();
  } catch (error) {
    return toRolecallError(error).toBody();
  }
}
