// Plans a sync of the shared config file: which profiles it would have, under which names, and the new text with its diff.
import type { Steps } from '../../core/async/steps.ts';
import { malformedError, type ConfigDocument } from '../document/document.ts';
import { findManagedBlock, isInsideBlock, type ManagedBlock } from '../document/managed-block.ts';
import { readSsoSessions } from '../sessions/sso-sessions.ts';
import { readOwnProfiles, readTemplateLine, type OwnProfile } from './own-profiles.ts';
import { listAliasProfiles, renderInSteps } from './plan-rendering.ts';
import type { PlannedProfile, ProfilePlan, ProfilePlanRequest } from './plan-types.ts';
import {
  checkRegion,
  describeProfilesInSteps,
  planAliases,
  planFollowers,
  type LeftOut,
  type NamesElsewhere,
} from './planned-profiles.ts';
import { accountKey, describeChains, listChains, listIssuedChains } from './planned-chains.ts';
import { createSelectorResolver, keptRoles, listRoles, namesToReuse, type SelectorResolver } from './planned-roles.ts';
import type { Alias } from './profile-aliases.ts';
import { nameInSteps, parseNameTemplate, roleKey } from './profile-names.ts';
import { selectProfiles, type Candidate } from './profile-selection.ts';
import { byProfileName, compareText } from './profile-text.ts';

/**
 * The plan for the document and the known roles, in steps that let other work run in between. Planning again after the
 * text was written gives the same text.
 * @throws UsageError config-malformed: AWS clients could not read the file outside our block, or the result
 * @throws UsageError settings-invalid: name template, region or credentialProcessPath cannot be written
 * @throws ConflictError config-section-not-ours: broken markers, or a foreign section between them
 */
export function* planInSteps(request: ProfilePlanRequest): Steps<ProfilePlan> {
  const { document, settings } = request;
  const template = parseNameTemplate(settings.nameTemplate);
  if (settings.region !== undefined) checkRegion(settings.region);
  if (document.encodingProblem !== undefined) throw malformedError(document.path, [document.encodingProblem]);
  const block = findManagedBlock(document);
  yield;
  const own = readOwnProfiles(document, block);
  yield;
  const { sessions } = readSsoSessions(document);
  const elsewhere: NamesElsewhere = {
    handWritten: readHandWrittenLines(document, block),
    inCredentialsFile: request.inCredentialsFile ?? new Map(),
  };
  yield;

  const listed = listRoles(sessions, request.catalogs);
  yield;
  const resolve = createSelectorResolver(document);
  const kept = keptRoles(own, resolve, sessions, request.catalogs, listed.roles);
  const roles = kept.size === 0 ? listed.roles : new Map([...listed.roles, ...kept]);
  yield;
  const templates = { text: template.text, written: readTemplateLine(document, block) };
  const issued = namesToReuse(resolve, request.previousNames, templates, own, { roles, kept });
  yield;
  const chains = listChains(request, sessions, roles);
  yield;
  const { names, displaced } = yield* nameInSteps({
    template,
    roles: [...roles.values(), ...chains.values()],
    issued,
    ...elsewhere,
  });
  const leftOut: LeftOut = { skipped: [...listed.unusable], inCredentialsFile: [] };
  const described = yield* describeProfilesInSteps({ request, sessions, roles, names, displaced, elsewhere, leftOut });
  yield;
  const { isExcluded } = described;
  const accountNames = chains.size === 0 ? new Map<string, string>() : listAccountNames(request.catalogs);
  const chained = describeChains(chains, {
    request,
    sessions,
    names,
    displaced,
    elsewhere,
    leftOut,
    isExcluded,
    accountNames,
  });
  yield;
  const claims = [...described.claims, ...chained.claims];
  const aliases = planAliases(claims, names, elsewhere, isExcluded, leftOut);
  yield;

  const allProfiles = [...described.profiles, ...chained.profiles];
  const candidates = listCandidates(allProfiles, aliases, elsewhere.handWritten, { own, resolve });
  yield;
  const { written, unwritten, writes } = selectProfiles(candidates, settings.selection);
  yield;
  const withoutHandWritten = (selected: typeof written) =>
    selected
      .map(({ profile }) => profile)
      .filter(({ profileName }) => !elsewhere.handWritten.has(profileName))
      .toSorted(byProfileName);
  const profiles = withoutHandWritten(written);
  const issuedChains = listIssuedChains(chained.profiles);
  const followers = planFollowers(request, sessions, elsewhere, leftOut);
  leftOut.skipped.sort(byProfileName);

  const aliasProfiles = listAliasProfiles(written.map(({ profile }) => profile));
  const rendered = yield* renderInSteps(
    request,
    { block, own, templateText: template.text },
    [...profiles, ...aliasProfiles],
    followers,
  );
  return {
    profiles,
    unwritten: withoutHandWritten(unwritten),
    writes,
    followers,
    ...rendered,
    skipped: leftOut.skipped,
    ...(leftOut.inCredentialsFile.length === 0
      ? {}
      : { inCredentialsFile: leftOut.inCredentialsFile.toSorted((a, b) => compareText(a.name, b.name)) }),
    keptCount: kept.size,
    excludedCount: described.excludedCount + chained.excludedCount,
    issuedNames: {
      template: template.text,
      profiles: profiles.map(({ profileName, sessionName, accountId, permissionSet }) => ({
        profileName,
        sessionName,
        accountId,
        permissionSet,
      })),
      ...(issuedChains.length === 0 ? {} : { chains: issuedChains }),
    },
  };
}

interface PlanCandidate extends Candidate {
  readonly profile: PlannedProfile;
}

/** The profiles that can be written: each role with its name and alias. */
function listCandidates(
  profiles: readonly PlannedProfile[],
  aliases: ReadonlyMap<string, Alias>,
  handWritten: ReadonlyMap<string, number>,
  block: { readonly own: readonly OwnProfile[]; readonly resolve: SelectorResolver },
): PlanCandidate[] {
  // AWS clients use native profiles without asking the daemon, so their use can't be observed.
  const native = new Set(
    block.own.flatMap(({ role, isNative }) =>
      role !== undefined && isNative
        ? [roleKey({ ...role, sessionName: block.resolve(role.sessionSelector) ?? '' })]
        : [],
    ),
  );
  const candidates: PlanCandidate[] = [];
  for (const profile of profiles) {
    const key = aliases.size + native.size === 0 ? '' : roleKey(profile);
    const alias = aliases.get(key);
    if (alias === undefined && handWritten.has(profile.profileName)) continue;
    candidates.push({
      profile: alias === undefined ? profile : { ...profile, aliases: [alias.name] },
      alias,
      staysUnseen: native.has(key),
    });
  }
  return candidates;
}

/** By {@link accountKey}. */
function listAccountNames(catalogs: ProfilePlanRequest['catalogs']): ReadonlyMap<string, string> {
  const accounts = [...catalogs.values()].flatMap((catalog) => catalog.accounts);
  return new Map(
    accounts.flatMap(({ sessionName, accountId, accountName }) =>
      accountName === undefined ? [] : [[accountKey({ sessionName, accountId }), accountName] as const],
    ),
  );
}

/** Line of each profile outside our block, by name. */
function readHandWrittenLines(document: ConfigDocument, block: ManagedBlock | undefined): Map<string, number> {
  const lines = new Map<string, number>();
  for (const { kind, name, line } of document.sections) {
    if ((kind === 'profile' || kind === 'default') && !isInsideBlock(block, line)) lines.set(name, line);
  }
  return lines;
}
