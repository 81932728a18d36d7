// Plain files for shells and prompts, which read them without a process: names to switch to, and one line on how things are.
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
  /** Brings `profiles`, `accounts` and `prompt` up to date; resolves once they are. A failure is raised as a problem. */
  refresh(): Promise<void>;
  /** Takes the line for prompts away; resolves once nothing is being written, and nothing will be any more. */
  close(): Promise<void>;
}

const LISTS = ['profiles', 'accounts', 'planned'] as const;

/**
 * In `directory`, all 0600 and names alone: `profiles`, one a line, sorted bytewise; `planned`, those that are written
 * into the config file once somebody uses them; `accounts`, account id, tab, profile, of both;
 * `prompt`, the profile of the current role (or `-`) and the state in a word. None of them needs quoting in a shell.
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
  /** What the two lists were written from. */
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
    // They are long, so they are not read again to be compared; but somebody may have deleted them.
    const isThere = LISTS.every((name) => existsSync(join(deps.directory, name)));
    const isSame =
      found === listed?.found &&
      unwritten === listed.unwritten &&
      inCredentialsFile === listed.inCredentialsFile &&
      isThere;
    if (isSame) return;
    // By such a name a shell would get what the credentials file has; hooks take what is listed without asking.
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
    // A profile of the config file may have any name, and some prompts run what is in their text.
    const shown = isShellSafeName(name) ? name : '-';
    await put('prompt', `${shown} ${summarizeState(status, deps.clock.nowMs())}\n`);
  }

  const refresh = coalesced(async () => {
    if (isClosed) return;
    try {
      // Both, whatever becomes of one of them: a config file that can't be read is no news for the prompt.
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
      // What it says is true for as long as somebody keeps it.
      await rm(join(deps.directory, 'prompt'), { force: true });
    },
  };
}

function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Names without a profile so far that nothing else in the file has. */
function listPlanned(unwritten: UnwrittenProfiles, { hasName }: ConfigProfiles) {
  return unwritten
    .list()
    .flatMap(({ profileName, aliases = [], accountId }) =>
      [profileName, ...aliases].map((name) => ({ profileName: name, accountId })),
    )
    .filter(({ profileName }) => isShellSafeName(profileName) && !hasName(profileName));
}
