// The chained roles that are defined now: profiles with `role_arn`, `[[chain]]` rules, and those added by commands.
import type { ChainProfile } from '../../aws-config/chains/chain-profiles.ts';
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import type { ConfigDocument } from '../../aws-config/document/document.ts';
import type { IssuedChain } from '../../aws-config/profiles/plan-types.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { roleSessionNameOf } from '../../core/aws/chain-fields.ts';
import { chainNameOf, isUnnamedChain, roleOfChain } from '../../core/aws/chain-role.ts';
import { NotFoundError, type RolecallError } from '../../core/errors.ts';
import type { ChainDefinition, Role, SsoSession } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import type { ChainSource } from '../../sso/ports.ts';
import { createChainRules, defineChain, findRuledChain } from '../settings/chain-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import type { IssuedNamesStore, UnwrittenProfiles } from './issued-names.ts';

export interface Chains extends ChainSource {
  /** Reads what has changed since the last time; costs two `stat` when nothing has. @throws UnavailableError file-not-writable */
  refresh(): Promise<void>;
  /** The chains of files that can be used, from the last read; the same array until one changes. */
  list(): readonly ChainDefinition[];
  /** The chain of a hand-written profile, from the last read. */
  ofProfile(profileName: string): ChainDefinition | undefined;
  /** Why the hand-written profile of this name, which has a `role_arn`, cannot be used; from the last read. */
  refusalOfProfile(profileName: string): RolecallError | undefined;
  /** The `source_profile` of a chain that is a hand-written profile. */
  sourceNameOf(definition: ChainDefinition): string | undefined;
  /** At most one, for the chains that start from a role of ours and cannot be used; from the last read. */
  problems(): readonly Problem[];
  /** Defines a chain until it is removed as often as it was added. */
  add(definition: ChainDefinition): Role;
  remove(role: Role): void;
}

interface IssuedParts {
  readonly unwritten: Pick<UnwrittenProfiles, 'find'>;
  readonly issued: readonly IssuedChain[];
}

interface ChainSources extends Pick<IssuedParts, 'unwritten'> {
  readonly sessions: readonly SsoSession[];
  readonly names: CredentialsNames;
}

const NOTHING_ISSUED: Readonly<IssuedParts> = { unwritten: { find: () => undefined }, issued: [] };

export function createChains(deps: {
  readonly sharedConfig: Pick<SharedConfig, 'path' | 'read'>;
  readonly sharedCredentials: SharedCredentials;
  readonly settings: Pick<Settings, 'chains'>;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten' | 'chains'>;
  /** The user of a session, if known: the default of `role_session_name`. */
  readonly userOf?: (sessionName: string) => string | undefined;
}): Chains {
  const { path } = deps.sharedConfig;
  const chainRules = createChainRules(deps.settings.chains);
  const defaultSessionName = (sessionName: string) => roleSessionNameOf(deps.userOf?.(sessionName));
  const added = new Map<string, { readonly definition: ChainDefinition; readonly count: number }>();
  let sources: readonly unknown[] = [];
  let profiles: readonly ChainProfile[] = [];
  let ruled: readonly ChainDefinition[] = [];
  let ruledNames: ReadonlySet<string> = new Set();
  let byProfile: ReadonlyMap<string, ChainProfile> = new Map();
  let byRole: ReadonlyMap<string, ChainDefinition> = new Map();
  let listed: readonly ChainDefinition[] = [];

  function rebuild(): void {
    const fromProfiles = profiles.flatMap((profile) => ('definition' in profile ? [profile.definition] : []));
    const handWritten = new Set(profiles.map(({ profileName }) => profileName));
    const fromRules = ruled.filter(({ name }) => !handWritten.has(name));
    const found = [...fromProfiles, ...fromRules];
    // Whoever has built something from the list keeps it after a change that is not about chains.
    if (JSON.stringify(found) !== JSON.stringify(listed)) listed = found;
    const all = [...listed, ...[...added.values()].map(({ definition }) => definition)];
    byRole = new Map(all.map((definition) => [roleKey(roleOfChain(definition)), definition]));
    byProfile = new Map(profiles.map((profile) => [profile.profileName, profile]));
  }

  /** Without the names of the last sync, which reports that it cannot read them, there are no chains of rules. */
  async function readIssued(): Promise<IssuedParts> {
    try {
      return { unwritten: await deps.issuedNames.unwritten(), issued: await deps.issuedNames.chains() };
    } catch {
      return NOTHING_ISSUED;
    }
  }

  async function readProfiles(
    document: ConfigDocument,
    { sessions, names, unwritten }: ChainSources,
  ): Promise<readonly ChainProfile[]> {
    const { readChainProfiles } = await import('../../aws-config/chains/chain-profiles.ts');
    return readChainProfiles(document, {
      sessions,
      credentialsFile: { path: deps.sharedCredentials.path, names },
      isUnwritten: (name) => unwritten.find(name) !== undefined,
      defaultSessionName,
    });
  }

  /** The chains that the rules still define, of those that have a name. */
  function defineRuled(issued: readonly IssuedChain[], sessions: readonly SsoSession[]): ChainDefinition[] {
    const known = new Set(sessions.map(({ sessionName }) => sessionName));
    return issued.flatMap(({ profileName, sessionName, accountId, permissionSet, ...chain }) => {
      const source = { sessionName, accountId, permissionSet };
      const found = known.has(sessionName) ? findRuledChain(chainRules, { source, ...chain }) : undefined;
      return found === undefined ? [] : [defineChain(found, profileName, source, defaultSessionName(sessionName))];
    });
  }

  function refuse(profile: ChainProfile | undefined): RolecallError | undefined {
    if (profile === undefined || !('fault' in profile)) return undefined;
    const { hint, kind, sentence } = profile.fault;
    const code = kind === 'foreign' ? 'profile-not-found' : 'chain-unavailable';
    return new NotFoundError(code, `${path}, ${sentence}`, { hint });
  }

  return {
    async refresh() {
      const reading = await deps.sharedConfig.read();
      const { sessions } = reading;
      const names = await deps.sharedCredentials.names();
      const { unwritten, issued } = await readIssued();
      const users = sessions.map(({ sessionName }) => deps.userOf?.(sessionName));
      const found = [reading, names, unwritten, issued, ...users];
      if (found.length === sources.length && found.every((source, index) => source === sources[index])) return;
      // Most files have no such profile, and the daemon's first answer does without the parser.
      profiles = reading.mayHaveChains
        ? await readProfiles(await reading.document(), { sessions, names, unwritten })
        : [];
      sources = found;
      ruled = defineRuled(issued, sessions);
      ruledNames = new Set(issued.map(({ profileName }) => profileName));
      rebuild();
    },
    find: (role) => byRole.get(roleKey(role)),
    list: () => listed,
    ofProfile(profileName) {
      const profile = byProfile.get(profileName);
      return profile !== undefined && 'definition' in profile ? profile.definition : undefined;
    },
    refusalOfProfile: (profileName) => refuse(byProfile.get(profileName)),
    sourceNameOf: ({ name, origin }) => (origin === 'config' ? byProfile.get(name)?.sourceName : undefined),
    refusal(role) {
      const name = chainNameOf(role.permissionSet) ?? role.permissionSet;
      const profile = byProfile.get(name);
      const refused = refuse(profile);
      if (refused !== undefined) return refused;
      if (profile !== undefined && 'definition' in profile) {
        const { accountId, sessionName } = roleOfChain(profile.definition);
        return new NotFoundError(
          'chain-unavailable',
          `The profile "${name}" now leads to the account ${accountId} through the sso-session "${sessionName}", not to ${role.accountId} through "${role.sessionName}".`,
          { hint: 'rolecall profiles list' },
        );
      }
      if (isUnnamedChain(role)) {
        return new NotFoundError(
          'chain-unavailable',
          'The role of this "rolecall exec --via" ended with its command.',
          {
            hint: 'rolecall exec --help',
          },
        );
      }
      return new NotFoundError(
        'chain-unavailable',
        `No chained role in the account ${role.accountId} is called "${name}".`,
        // A sync removes a profile whose rule is gone.
        { hint: ruledNames.has(name) ? 'rolecall profiles sync' : 'rolecall profiles list' },
      );
    },
    problems() {
      const [first, ...others] = profiles.flatMap((profile) =>
        'fault' in profile && profile.fault.kind === 'ours'
          ? [{ message: `${path}, ${profile.fault.sentence}`, hint: profile.fault.hint }]
          : [],
      );
      if (first === undefined) return [];
      const more = others.length === 1 ? '1 more profile has' : `${others.length} more profiles have`;
      return others.length === 0
        ? [{ code: 'chain-unavailable', ...first }]
        : [
            {
              code: 'chain-unavailable',
              message: `${first.message} ${more} a similar problem.`,
              hint: 'rolecall doctor',
            },
          ];
    },
    add(definition) {
      const role = roleOfChain(definition);
      const key = roleKey(role);
      added.set(key, { definition, count: (added.get(key)?.count ?? 0) + 1 });
      rebuild();
      return role;
    },
    remove(role) {
      const key = roleKey(role);
      const entry = added.get(key);
      if (entry === undefined) return;
      if (entry.count > 1) added.set(key, { ...entry, count: entry.count - 1 });
      else added.delete(key);
      rebuild();
    },
  };
}
