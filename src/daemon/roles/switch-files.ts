// Writes plain files that shells and prompts read without starting a process: profile names and a status line.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import type { Clock } from '../../core/clock.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import type { StatusDocument } from '../../local-api/schemas.ts';
import { summarizeState } from '../../local-api/state-summary.ts';
import { isShellSafeName, type ConfigProfiles } from '../shared-config/config-profiles.ts';
import type { IssuedNamesStore, UnwrittenProfiles } from './issued-names.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';

export interface SwitchFiles {
  /** Updates all files, then resolves. Never rejects: a failure is raised as a problem. */
  refresh(): Promise<void>;
  /** Stops writing and removes the prompt file. */
  close(): Promise<void>;
}

const LISTS = ['profiles', 'accounts', 'planned'] as const;

/**
 * Files in `directory`, mode 0600, with no text that needs quoting in a shell:
 * - `profiles`: one profile name per line, sorted bytewise
 * - `planned`: names that are written to the config file on first use
 * - `accounts`: account id, tab, profile name, for both
 * - `prompt`: the profile of the current role (or `-`) and the state as one word
 */
export function createSwitchFiles(deps: {
  readonly directory: string;
  readonly sharedConfig: Pick<SharedConfig, 'read'>;
  readonly sharedCredentials: Pick<SharedCredentials, 'names'>;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly status: () => Promise<StatusDocument>;
  readonly problems: Problems;
  readonly clock: Clock;
}): SwitchFiles {
  const { problems } = deps;
  /** The input of the last write of the lists. */
  let listed:
    | {
        readonly found: ConfigProfiles;
        readonly unwritten: UnwrittenProfiles;
        readonly inCredentialsFile: CredentialsNames;
      }
    | undefined;
  let isClosed = false;

  async function put(name: string, text: string): Promise<void> {
    const path = join(deps.directory, name);
    if ((await readPrivateFile(path)) !== text) await writePrivateFile(path, text, { isDurable: false });
  }

  async function putLists(): Promise<void> {
    const { profiles } = await deps.sharedConfig.read();
    const found = await profiles();
    const unwritten = await deps.issuedNames.unwritten();
    const inCredentialsFile = await deps.sharedCredentials.names();
    // The files are long, so they are not read again to compare them, but they may have been deleted.
    const isThere = LISTS.every((name) => existsSync(join(deps.directory, name)));
    const isSame =
      found === listed?.found &&
      unwritten === listed.unwritten &&
      inCredentialsFile === listed.inCredentialsFile &&
      isThere;
    if (isSame) return;
    // Shell hooks use listed names without asking. A name in the credentials file would give other keys.
    const isUsable = (name: string) => !(found.isOurs(name) && inCredentialsFile.has(name));
    const planned = listPlanned(unwritten, found).filter(({ profileName }) => !inCredentialsFile.has(profileName));
    const accounts = [...found.accounts.filter(({ profileName }) => isUsable(profileName)), ...planned].map(
      ({ accountId, profileName }) => [accountId, profileName],
    );
    await put('profiles', formatLines(found.names.filter(isUsable)));
    await put('accounts', formatLines(accounts.map((fields) => fields.join('\t'))));
    await put('planned', formatLines(planned.map(({ profileName }) => profileName).toSorted()));
    listed = { found, unwritten, inCredentialsFile };
  }

  async function putPrompt(): Promise<void> {
    const status = await deps.status();
    const name = status.current?.profile ?? '-';
    // A hand-written profile may have any name, and some prompts evaluate their text.
    const shown = isShellSafeName(name) ? name : '-';
    await put('prompt', `${shown} ${summarizeState(status, deps.clock.nowMs())}\n`);
  }

  const refresh = coalesced(async () => {
    if (isClosed) return;
    try {
      // Independent of each other: an unreadable config file must not keep the prompt from being updated.
      const outcomes = await Promise.allSettled([putPrompt(), putLists()]);
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
      // Without a daemon nobody keeps the prompt file up to date.
      await rm(join(deps.directory, 'prompt'), { force: true });
    },
  };
}

function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
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
