// What `rolecall uninstall` finds on this machine. Reads only: it starts no daemon and opens no dialog.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toRolecallError, UnavailableError, type ErrorBody } from '../../../core/errors.ts';
import { count } from '../../terminal/render.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { awsFilePath } from '../../../platform/files/aws-file-path.ts';
import { readLockHolder } from '../../../platform/service/lock-holder.ts';
import type { OwnItems } from '../../../secret-store/own-items.ts';
import type { CliContext, Dialog } from '../../context.ts';
import { planShellRemoval, type ShellPlan } from '../../shell/install.ts';
import { findStatus } from '../../sign-ins-in-memory.ts';
import type { StopContext } from '../../stop-daemon.ts';
import { findOwnFolders, readOwnFolder, type ForeignFile, type OwnFolder } from './own-folders.ts';

export interface UninstallOptions {
  readonly keepSettings?: boolean;
  readonly keepAdopted?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export type UninstallContext = Dialog & StopContext & Pick<CliContext, 'platform' | 'userId'>;

export interface UninstallPlan {
  /** Of a daemon that answers. */
  readonly status: StatusDocument | undefined;
  /** Whether there may be a sign-in to end, in the daemon or in a store. */
  readonly maySignOut: boolean;
  /** Where a person can sign out if that fails here. */
  readonly startUrls: readonly string[];
  readonly daemonPid: number | undefined;
  readonly serviceFiles: readonly string[];
  /** How often profiles were adopted without undoing it. */
  readonly adoptions: number;
  /** Config files with our block, and how many profiles it has. */
  readonly configFiles: readonly { readonly path: string; readonly profiles: number }[];
  readonly shell: ShellPlan;
  readonly tokenFiles: readonly string[];
  readonly keychain: OwnItems;
  /** Folders with files of ours, and how many. */
  readonly state: readonly { readonly folder: OwnFolder; readonly files: number }[];
  readonly settings: readonly { readonly folder: OwnFolder; readonly files: readonly string[] }[];
  readonly foreign: readonly ForeignFile[];
  /** What could not be looked at. */
  readonly problems: readonly ErrorBody[];
}

export async function planUninstall(options: UninstallOptions, context: UninstallContext): Promise<UninstallPlan> {
  const { clock, environment, homeDirectory, paths, userId } = context;
  const { findConfigTraces, findOwnTokenFiles } = await import('../../../aws-config/files/own-traces.ts');
  const problems: ErrorBody[] = [];
  const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (context.signal.aborted) throw error;
      problems.push(toRolecallError(error).toBody());
      return otherwise;
    }
  };

  const status = await findStatus(context);
  const isInstalled = (await context.findInstalledService()) !== undefined;
  const configPaths = new Set([awsFilePath('config', environment, homeDirectory), status?.files.config ?? '']);
  const configFiles = [];
  const startUrls = new Set<string>();
  for (const path of [...configPaths].filter((name) => name !== '')) {
    const found = await attempt(() => findConfigTraces(path, clock), { profiles: undefined, startUrls: [] });
    for (const startUrl of found.startUrls) startUrls.add(startUrl);
    if (found.profiles !== undefined) configFiles.push({ path, profiles: found.profiles });
  }
  const keychain: OwnItems = await attempt(() => findKeychainItems(context), { state: 'absent' });
  const adoptions = await countAdoptions(paths.stateDirectory);
  const folders = findOwnFolders(context, {
    settings: options.keepSettings === true,
    adoptions: options.keepAdopted === true,
  });
  const foreign: ForeignFile[] = [];
  const read = async (folder: OwnFolder) => {
    const content = await attempt(() => readOwnFolder(folder, userId), undefined);
    foreign.push(...(content?.foreign ?? []));
    return { folder, files: content?.own ?? [] };
  };
  const settings = await Promise.all(folders.settings.map(read));
  const { passphraseFile } = paths;
  const isKept = options.keepSettings === true || settings.some(({ files }) => files.includes(passphraseFile));
  if (!isKept && existsSync(passphraseFile)) {
    foreign.push({ path: passphraseFile, reason: 'has the passphrase, beside the file that ROLECALL_CONFIG names' });
  }
  const state = await Promise.all(folders.state.map(read));
  const shell = await planShellRemoval(context);
  const ours = new Set(
    [...settings, ...state, { files: shell.changes.map(({ path }) => path) }].flatMap(({ files }) => files),
  );
  const usesFiles = ['keychain-used', 'secrets.json'].some((name) => existsSync(join(paths.stateDirectory, name)));
  return {
    status,
    maySignOut: status === undefined ? usesFiles || mayHoldTokens(keychain) : status.sessions.length > 0,
    startUrls: [...startUrls],
    daemonPid: status?.pid ?? readLockHolder(paths.lockFile)?.processId,
    serviceFiles: isInstalled ? (await (await context.loadService()).status()).files : [],
    adoptions,
    configFiles,
    shell,
    tokenFiles: await attempt(() => findOwnTokenFiles(homeDirectory), []),
    keychain,
    state: state.flatMap(({ folder, files }) => (files.length === 0 ? [] : [{ folder, files: files.length }])),
    settings: settings.filter(({ files }) => files.length > 0),
    // A hook in the settings folder, or settings in the state folder of macOS.
    foreign: foreign.filter(({ path }) => !ours.has(path)),
    problems: [...problems, ...shell.problems.map((problem) => problem.toBody())],
  };
}

const mayHoldTokens = (items: OwnItems) =>
  items.state === 'locked' || (items.state === 'readable' && items.names.some((name) => name.startsWith('session:')));

async function countAdoptions(stateDirectory: string): Promise<number> {
  const names = await readdir(join(stateDirectory, 'adoptions')).catch((): string[] => []);
  return names.filter((name) => /^\d+\.json$/.test(name)).length;
}

/**
 * Not asked if this machine has no keychain, or if another store is in use and no daemon has used the keychain.
 * @throws UnavailableError secret-store-unavailable: a daemon has used it, and it can't be reached from here
 */
async function findKeychainItems({ clock, environment, paths, platform }: UninstallContext): Promise<OwnItems> {
  const { mayHaveKeychain } = await import('../../../secret-store/choose.ts');
  const isUsed = existsSync(join(paths.stateDirectory, 'keychain-used'));
  const store = environment['ROLECALL_SECRET_STORE'] ?? '';
  let items: OwnItems = { state: 'absent' };
  if (mayHaveKeychain(platform, environment) && (isUsed || store === '' || store === 'keychain')) {
    const { findOwnItems } = await import('../../../secret-store/own-items.ts');
    items = await findOwnItems(clock);
  }
  if (items.state !== 'absent' || !isUsed) return items;
  throw new UnavailableError(
    'secret-store-unavailable',
    "The keychain can't be reached from here and may keep items of rolecall. Remove them in your desktop session.",
    { hint: clearKeychainCommand(platform) },
  );
}

/** Deletes our items without rolecall. */
export function clearKeychainCommand(platform: NodeJS.Platform): string {
  return platform === 'darwin'
    ? 'while security delete-generic-password -s rolecall; do :; done'
    : 'secret-tool clear service rolecall';
}

/** Label and text of each thing to remove, for the list that the user sees. */
export function describePlan(
  plan: UninstallPlan,
  shorten: (path: string) => string,
  options: UninstallOptions,
): (readonly [string, string])[] {
  const { configFiles, keychain, settings, shell, state, status } = plan;
  const live = (status?.sessions ?? []).filter((session) => session.state === 'live').map(({ session }) => session);
  const rows = (label: string, texts: readonly string[]) =>
    texts.map((text, index) => [index === 0 ? label : '', text] as const);
  const items = keychain.state === 'readable' ? keychain.names.length : 0;
  return [
    ...rows('Sign-ins', status === undefined && plan.maySignOut ? ['all of them'] : live),
    ...rows(
      'Adopted',
      plan.adoptions > 0 && options.keepAdopted !== true ? ['profiles get their earlier lines back'] : [],
    ),
    ...rows('Daemon', plan.daemonPid === undefined ? [] : [`pid ${plan.daemonPid}`]),
    ...rows('Service', plan.serviceFiles.map(shorten)),
    ...rows(
      'Profiles',
      configFiles.map(({ path, profiles }) => `${count(profiles, 'profile')} in ${shorten(path)}`),
    ),
    ...rows(
      'Shell',
      shell.changes.map(({ kind, path }) => (kind === 'whole' ? shorten(path) : `our lines in ${shorten(path)}`)),
    ),
    ...rows('Tokens', [
      ...plan.tokenFiles.map(shorten),
      ...(items > 0 ? [`${count(items, 'item')} of rolecall in the keychain`] : []),
      ...(keychain.state === 'locked' ? ['the items of rolecall in the keychain, which is locked'] : []),
    ]),
    ...rows(
      'State',
      state.map(({ folder, files }) => `${shorten(folder.path)} (${files === 1 ? '1 entry' : `${files} entries`})`),
    ),
    ...rows('Settings', settings.flatMap(({ files }) => files).map(shorten)),
  ];
}
