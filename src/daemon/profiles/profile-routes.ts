// GET and POST /v1/profile: looks up the role of a profile name; POST also writes the profile if it is not written yet.
import {
  awsLoginCommand,
  describePrincipal,
  findLoginProfile,
  type LoginProfile,
} from '../../aws-config/document/login-session.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { findRoleProfile, profileNames } from '../../aws-config/profiles/role-profile.ts';
import { isChained, roleOfChain } from '../../core/aws/chain-role.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import { nearest } from '../../core/text/nearest.ts';
import type { ProfileDocument } from '../../local-api/schemas.ts';
import type { Changes } from '../process/changes.ts';
import { describeChain } from '../roles/chain-document.ts';
import type { Chains } from '../roles/chains.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { LastRefusals } from '../audit/credential-outcomes.ts';
import type { ProfileSync } from './profile-sync.ts';
import { regionFor } from '../settings/role-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import type { Handlers } from '../http/surface.ts';

export function createProfileHandlers(deps: {
  readonly configFile: ConfigFile;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly currentRole: CurrentRole;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly chains: Chains;
  readonly profileSync: Pick<ProfileSync, 'writeNamed'>;
  readonly settings: Settings;
  readonly lastRefusals: Pick<LastRefusals, 'find'>;
  readonly changes: Pick<Changes, 'announce'>;
}): Pick<Handlers, 'profile' | 'writeProfile'> {
  const { chains } = deps;

  async function find(name: string): Promise<ProfileDocument> {
    const { document } = await deps.configFile.read();
    const chained = await findChained(name);
    if (chained !== undefined) return chained;
    const found = findRoleProfile(document, name);
    if (found === undefined) {
      const login = findLoginProfile(document, name);
      if (login !== undefined) throw ofLogin(login);
      return findUnwritten(name, profileNames(document));
    }
    const { profileName, role, region } = found;
    if (role !== 'current') {
      const session = await deps.sharedConfig.findSession(role.sessionSelector);
      return {
        profileName,
        followsCurrent: false,
        session: session.sessionName,
        accountId: role.accountId,
        permissionSet: role.permissionSet,
        region: region ?? null,
        ...(await describeChainOf({ ...role, sessionName: session.sessionName })),
      };
    }
    const current = await deps.currentRole.require();
    return {
      profileName,
      followsCurrent: true,
      session: current.sessionName,
      accountId: current.accountId,
      permissionSet: current.permissionSet,
      region: region ?? null,
      ...(await describeChainOf(current)),
    };
  }

  /** A hand-written profile with `role_arn`. */
  async function findChained(name: string): Promise<ProfileDocument | undefined> {
    await chains.refresh();
    const refusal = chains.refusalOfProfile(name);
    if (refusal !== undefined) throw refusal;
    const definition = chains.ofProfile(name);
    if (definition === undefined) return undefined;
    const role = roleOfChain(definition);
    return {
      profileName: name,
      followsCurrent: false,
      session: role.sessionName,
      accountId: role.accountId,
      permissionSet: role.permissionSet,
      region: definition.region ?? null,
      ...(await describeChainOf(role)),
    };
  }

  async function describeChainOf(role: Role): Promise<Pick<ProfileDocument, 'chain'>> {
    if (!isChained(role)) return {};
    await chains.refresh();
    const definition = chains.find(role);
    if (definition === undefined) throw chains.refusal(role);
    const { profiles } = await deps.sharedConfig.read();
    return { chain: describeChain(definition, { chains, profiles: await profiles() }) };
  }

  /** The role whose unwritten profile has this name, unless a profile in the file has it. */
  async function findUnwritten(name: string, inFile: readonly string[]): Promise<ProfileDocument> {
    const unwritten = await deps.issuedNames.unwritten();
    const planned = inFile.includes(name) ? undefined : unwritten.find(name);
    if (planned !== undefined) {
      const session = await deps.sharedConfig.findSession(planned.sessionName);
      return {
        profileName: name,
        followsCurrent: false,
        session: session.sessionName,
        accountId: planned.accountId,
        permissionSet: planned.permissionSet,
        region: chains.find(planned)?.region ?? regionFor(deps.settings, planned) ?? session.region,
        unwritten: true,
        ...(await describeChainOf(planned)),
      };
    }
    const line = (await deps.sharedCredentials.names()).get(name);
    if (line !== undefined) {
      throw new NotFoundError(
        'profile-not-found',
        `"${name}" does not belong to an sso-session. AWS clients read it from ${deps.sharedCredentials.path}, line ${line}.`,
      );
    }
    const meant = nearest(name, [...inFile, ...unwritten.list().map(({ profileName }) => profileName)]);
    throw new NotFoundError(
      'profile-not-found',
      `No sso-session has a profile "${name}".${meant === undefined || meant === name ? '' : ` Did you mean "${meant}"?`}`,
    );
  }

  return {
    async profile({ query }) {
      const profile = await find(query.name);
      const lastRefusal = deps.lastRefusals.find({ ...profile, sessionName: profile.session });
      return lastRefusal === undefined ? profile : { ...profile, lastRefusal };
    },
    async writeProfile({ body }, { surface }) {
      const before = await find(body.name);
      if (before.unwritten !== true) return before;
      await deps.profileSync.writeNamed(body.name, surface);
      deps.changes.announce();
      return find(body.name);
    },
  };
}

function ofLogin(login: LoginProfile): NotFoundError {
  const { profileName } = login;
  return new NotFoundError(
    'profile-not-found',
    `"${profileName}" gets its keys from "aws login" (${describePrincipal(login)}), not from an sso-session, so rolecall has none for it.`,
    { hint: awsLoginCommand(profileName) },
  );
}
