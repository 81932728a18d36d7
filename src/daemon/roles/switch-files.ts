// Writes plain files that shells and prompts read without starting a process: profile names and a status line.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { isChained } from '../../core/aws/chain-role.ts';
import { titleOfRole } from '../../core/text/role-title.js';
import type { Clock } from '../../core/clock.ts';
import { forEachInSlices } from '../../core/async/steps.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { Catalog } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { StatusDocument } from '../../local-api/schemas.ts';
import { summarizeState } from '../../local-api/state-summary.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { Broker } from '../../sso/broker.ts';
import { isShellSafeName, type ConfigProfiles, type NamedRole } from '../shared-config/config-profiles.ts';
import type { ChainRow } from './chain-rows.ts';
import type { IssuedNamesStore, UnwrittenProfiles } from './issued-names.ts';
import type { RoleList } from './role-list.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { labelOf, type Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';

export interface SwitchFiles {
  /** Updates all files, then resolves. Never rejects: a failure is raised as a problem. */
  refresh(): Promise<void>;
  /** Stops writing and removes the files that would be out of date. */
  close(): Promise<void>;
}

const LISTS = ['profiles', 'accounts', 'planned', 'roles'] as const;

/**
 * Files in `directory`, mode 0600. Only `roles` and `signed-out` have free text, which shells print and never evaluate:
 * - `profiles`: one profile name per line, sorted bytewise
 * - `planned`: names that are written to the config file on first use
 * - `accounts`: account id, tab, profile name, for both
 * - `roles`: profile name, tab, sso-session, tab, account, permission set and region in one line
 * - `signed-out`: sso-session, tab, what to do, for each session without a sign-in
 * - `prompt`: the profile of the current role (or `-`) and the state as one word
 */
export function createSwitchFiles(
  deps: DescriptionDeps & {
    readonly directory: string;
    readonly sharedConfig: Pick<SharedConfig, 'read'>;
    readonly sharedCredentials: Pick<SharedCredentials, 'names'>;
    readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
    readonly broker: Pick<Broker, 'cachedCatalog'>;
    readonly status: () => Promise<StatusDocument>;
    readonly problems: Problems;
    readonly clock: Clock;
  },
): SwitchFiles {
  const { problems } = deps;
  /** The input of the last write of the lists. */
  let listed:
    | {
        readonly found: ConfigProfiles;
        readonly unwritten: UnwrittenProfiles;
        readonly inCredentialsFile: CredentialsNames;
        readonly chains: readonly ChainRow[];
        readonly catalogs: readonly (Catalog | undefined)[];
      }
    | undefined;
  let isClosed = false;

  async function put(name: string, text: string): Promise<void> {
    const path = join(deps.directory, name);
    if ((await readPrivateFile(path)) !== text) await writePrivateFile(path, text, { isDurable: false });
  }

  async function putLists(): Promise<void> {
    const { sessions, profiles } = await deps.sharedConfig.read();
    const found = await profiles();
    const unwritten = await deps.issuedNames.unwritten();
    const inCredentialsFile = await deps.sharedCredentials.names();
    const catalogs = await Promise.all(sessions.map((session) => deps.broker.cachedCatalog(session)));
    const chains = await deps.roleList.chains();
    // The files are long, so they are not read again to compare them, but they may have been deleted.
    const isThere = LISTS.every((name) => existsSync(join(deps.directory, name)));
    const isSame =
      found === listed?.found &&
      unwritten === listed.unwritten &&
      inCredentialsFile === listed.inCredentialsFile &&
      (chains === listed.chains || chains.length + listed.chains.length === 0) &&
      catalogs.length === listed.catalogs.length &&
      catalogs.every((catalog, index) => catalog === listed?.catalogs[index]) &&
      isThere;
    if (isSame) return;
    // Shell hooks use listed names without asking. A name in the credentials file would give other keys.
    const isUsable = (name: string) => !(found.isOurs(name) && inCredentialsFile.has(name));
    const planned = listPlanned(unwritten, found).filter(({ profileName }) => !inCredentialsFile.has(profileName));
    const usable = [...found.accounts, ...nameChains(chains, found)].filter(({ profileName }) => isUsable(profileName));
    const accounts = [...usable, ...planned].map(({ accountId, profileName }) => [accountId, profileName]);
    await put('profiles', formatLines(found.names.filter(isUsable)));
    await put('accounts', formatLines(accounts.map((fields) => fields.join('\t'))));
    await put('planned', formatLines(planned.map(({ profileName }) => profileName).toSorted()));
    await put('roles', formatLines(await describeRoles(usable, catalogs, chains, deps)));
    listed = { found, unwritten, inCredentialsFile, chains, catalogs };
  }

  async function putPrompt(): Promise<void> {
    const status = await deps.status();
    const name = status.current?.profile ?? '-';
    // A hand-written profile may have any name, and some prompts evaluate their text.
    const shown = isShellSafeName(name) ? name : '-';
    const signedOut = status.sessions.filter(({ state }) => state !== 'live');
    await put('signed-out', formatLines(signedOut.map(({ session }) => describeSignedOut(session))));
    await put('prompt', `${shown} ${summarizeState(status, deps.clock.nowMs())}\n`);
  }

  const refresh = coalesced(async () => {
    if (isClosed) return;
    try {
      // Independent of each other: an unreadable config file must not keep the prompt from being updated.
      const states = putPrompt();
      // A hook that finds a new profile also finds the state of its session.
      const outcomes = await Promise.allSettled([states, states.catch(() => undefined).then(putLists)]);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      problems.clear('switch files');
    } catch (error) {
      problems.raise('switch files', toRolecallError(error).toBody());
    }
  });

  return {
    refresh,
    async close() {
      isClosed = true;
      await refresh();
      // Without a daemon nobody keeps them up to date.
      for (const name of ['prompt', 'signed-out']) await rm(join(deps.directory, name), { force: true });
    },
  };
}

function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

interface DescriptionDeps {
  readonly roleList: Pick<RoleList, 'chains' | 'isProtected'>;
  readonly settings: Settings;
}

async function describeRoles(
  named: readonly NamedRole[],
  catalogs: readonly (Catalog | undefined)[],
  chains: readonly ChainRow[],
  { roleList: { isProtected }, settings }: DescriptionDeps,
): Promise<readonly string[]> {
  const keyOf = (sessionName: string | undefined, accountId: string) => `${sessionName}\0${accountId}`;
  const accounts = catalogs.flatMap((catalog) => catalog?.accounts ?? []);
  const names = new Map(accounts.map((one) => [keyOf(one.sessionName, one.accountId), one.accountName]));
  const chainOf = new Map(chains.map((row) => [roleKey(row.role), row]));
  const hasSessions = new Set(named.flatMap(({ sessionName }) => sessionName ?? [])).size > 1;
  const lines: string[] = [];
  await forEachInSlices(named, ({ profileName, sessionName, accountId, permissionSet, region }) => {
    if (sessionName === undefined) return;
    const row = isChained({ permissionSet })
      ? chainOf.get(roleKey({ sessionName, accountId, permissionSet }))
      : undefined;
    const parts = [
      names.get(keyOf(sessionName, accountId)) ?? row?.accountName,
      accountId,
      titleOfRole({ permissionSet, chain: row?.chain }),
      hasSessions ? (labelOf(settings, sessionName) ?? sessionName) : undefined,
      region,
      isProtected({ sessionName, accountId, permissionSet }) ? 'protected' : undefined,
    ];
    const text = parts.flatMap((part) => (part === undefined || part === '' ? [] : [harmless(part)])).join('  ');
    lines.push(`${profileName}\t${harmless(sessionName)}\t${text}`);
  });
  return lines;
}

/** Hand-written profiles that are chains; others are in our block, as every profile of a role is. */
function nameChains(chains: readonly ChainRow[], { names }: ConfigProfiles): NamedRole[] {
  if (chains.length === 0) return [];
  const inFile = new Set(names);
  return chains.flatMap(({ role, ownProfile, region }) =>
    ownProfile !== undefined && inFile.has(ownProfile) ? [{ ...role, profileName: ownProfile, region }] : [],
  );
}

function describeSignedOut(session: string): string {
  const name = harmless(session);
  return `${name}\t(signed out; run: rolecall login ${quoteForShell(name)})`;
}

/** Names of unwritten profiles and their aliases that no other profile in the file has. */
function listPlanned(unwritten: UnwrittenProfiles, { hasName }: ConfigProfiles) {
  return unwritten
    .list()
    .flatMap(({ profileName, aliases = [], accountId }) =>
      [profileName, ...aliases].map((name) => ({ profileName: name, accountId })),
    )
    .filter(({ profileName }) => isShellSafeName(profileName) && !hasName(profileName));
}
