// Completes the input of a profile plan: settings as functions, earlier names, and which roles count as used.
import type { ConfigDocument } from '../../aws-config/document/document.ts';
import type { ChainToPlan, IssuedNames, ProfilePlanRequest } from '../../aws-config/profiles/plan-types.ts';
import type { Catalog, Role } from '../../core/model.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import { createChainRules } from '../settings/chain-rules.ts';
import { aliasFor, createExtraFor, isPinned, regionFor } from '../settings/role-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { PlanInputs } from './plan-inputs.ts';

export interface PlanRequestDeps {
  readonly settings: Settings;
  readonly credentialProcessPath: string;
  readonly roleUsage: Pick<RoleUsage, 'has' | 'add'>;
}

/** The profiles that others name as their source: AWS clients look for these in the file. */
function findSourceProfiles({ sections }: ConfigDocument): ReadonlySet<string> {
  return new Set(
    sections.flatMap(({ entries }) => entries.flatMap(({ key, value }) => (key === 'source_profile' ? [value] : []))),
  );
}

/** A function that completes the request; with `prune`, roles that suspicious listings lost count as gone. */
export function createPlanRequests(
  deps: PlanRequestDeps,
): (
  document: ConfigDocument,
  inputs: PlanInputs,
  previousNames: IssuedNames | undefined,
  options: { readonly prune: boolean },
) => ProfilePlanRequest {
  const { settings } = deps;
  const extraFor = createExtraFor(settings);
  const chainRules = createChainRules(settings.chains);

  function chainsFor(source: Role, partition: string): readonly ChainToPlan[] {
    return chainRules(source, partition).map(({ rule, roleArn }) => ({
      roleArn,
      nameTemplate: rule.name,
      ...(rule.region === undefined ? {} : { region: rule.region }),
    }));
  }

  function select(document: ConfigDocument, usage: PlanInputs['usage']) {
    const { write, include } = settings.profiles;
    if (write === 'all' || usage === undefined) return {};
    const { uses } = usage;
    const sources = findSourceProfiles(document);
    const hadProfile = new Set(usage.haveGaps ? document.sections.map(({ name }) => name) : []);
    return {
      selection: {
        write,
        include,
        isPinned: (role: Role) => isPinned(settings, role),
        isUsed(role: Role, names: readonly string[]) {
          if (deps.roleUsage.has(role) || names.some((name) => sources.has(name))) return true;
          if (!names.some((name) => uses.has(name) || hadProfile.has(name))) return false;
          // Record the role: the name by which it counted as used may change.
          deps.roleUsage.add(role);
          return true;
        },
      },
    };
  }

  return (document, { catalogs, currentRole, inCredentialsFile, usage }, previousNames, { prune }) => {
    return {
      document,
      catalogs: prune ? withoutLosses(catalogs) : catalogs,
      settings: {
        nameTemplate: settings.profiles.name,
        style: settings.profiles.style,
        defaultFollowsCurrent: settings.profiles.defaultFollowsCurrent,
        exclude: settings.profiles.exclude,
        regionFor: (role) => regionFor(settings, role),
        aliasFor: (role) => aliasFor(settings, role),
        extraFor,
        ...(settings.chains.length === 0 ? {} : { chainsFor }),
        ...select(document, usage),
      },
      credentialProcessPath: deps.credentialProcessPath,
      inCredentialsFile,
      ...(previousNames === undefined ? {} : { previousNames }),
      ...(currentRole === null ? {} : { currentRole }),
    };
  };
}

function withoutLosses(catalogs: ReadonlyMap<string, Catalog>): ReadonlyMap<string, Catalog> {
  return new Map([...catalogs].map(([name, { lost: _, ...accepted }]) => [name, accepted]));
}
