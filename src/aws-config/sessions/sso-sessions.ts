// Reads the sign-in settings of the shared config file: sso-sessions, native SSO profiles, the CA bundle.
import type { EndpointSwitch, SsoSession } from '../../core/model.ts';
import { findPartitionMismatch } from '../../core/aws/partitions.ts';
import { findPortalRegion } from '../../core/aws/service-host.ts';
import { isSameStartUrl } from '../../core/aws/start-url.ts';
import type { ConfigDocument, ConfigProblem, ConfigSection, SectionKind } from '../document/document.ts';
import { valueOf } from '../document/document.ts';
import { findManagedBlockLeniently, isInsideBlock } from '../document/managed-block.ts';

export interface SsoSessionsReading {
  /** In file order, each one usable. */
  readonly sessions: readonly SsoSession[];
  /** One for each section that cannot be used, and for each value in the others that is ignored. */
  readonly problems: readonly ConfigProblem[];
}

/** A profile that gets its credentials with the AWS CLI's token file rather than from rolecall. */
export type NativeSsoProfile = {
  readonly profileName: string;
  readonly line: number;
  /** `rolecall`: in our block, written with style "sso". */
  readonly writtenBy: 'hand' | 'rolecall';
} & (
  | { readonly form: 'sso-session'; readonly sessionName: string }
  /** The form from before 2022; its token file is named after the start URL. */
  | { readonly form: 'legacy'; readonly startUrl: string; readonly region: string }
);

const DEFAULT_SCOPE = 'sso:account:access';

/** All usable sso-sessions. Name and start URL stay exactly as written, because token file names are hashes of them. */
export function readSsoSessions(document: ConfigDocument): SsoSessionsReading {
  const sessions: SsoSession[] = [];
  const problems: ConfigProblem[] = [];
  const defaults = document.sections.findLast(({ kind }) => kind === 'default');
  for (const [sessionName, section] of sectionsByName(document, 'sso-session')) {
    const problem = (reason: string, line = section.line) =>
      problems.push({ line, reason: `[${section.header}] ${reason}` });
    /** A switch that is neither true nor false is reported and counts as absent. */
    const readSwitch = <K extends string>(key: string, name: K): { readonly [P in K]?: EndpointSwitch } => {
      const own = valueOf(document, section, key);
      const found = own ?? (defaults === undefined ? undefined : valueOf(document, defaults, key));
      const word = found?.value.toLowerCase();
      if (word === 'true' || word === 'false') {
        const value = { isOn: word === 'true', section: own === undefined ? 'default' : 'sso-session' };
        return { [name]: value } as { readonly [P in K]: EndpointSwitch };
      }
      if (own !== undefined) problem(`has a ${key} that is neither true nor false`, own.line);
      return {};
    };
    const startUrl = valueOf(document, section, 'sso_start_url');
    const region = valueOf(document, section, 'sso_region');
    if (sessionName === '' || /\p{Cc}/u.test(sessionName)) {
      problems.push({ line: section.line, reason: 'the name of this sso-session is empty or has a control character' });
    } else if (startUrl === undefined || startUrl.value === '') {
      problem('has no sso_start_url');
    } else if (region === undefined || region.value === '') {
      const named = findPortalRegion(startUrl.value);
      problem(`has no sso_region${named === undefined ? '' : `; its start URL names ${named}`}`);
    } else if (!isWebAddress(startUrl.value)) {
      problem('has an sso_start_url that is not a valid URL', startUrl.line);
    } else if (!/^[A-Za-z0-9-]{1,63}$/u.test(region.value)) {
      problem('has an sso_region that is not a region', region.line);
    } else {
      const named = findPortalRegion(startUrl.value);
      const mismatch = findPartitionMismatch(startUrl.value, region.value.toLowerCase());
      if (named !== undefined && named !== region.value.toLowerCase()) {
        problem(`has the sso_region ${region.value}, but its start URL is a portal in ${named}`, region.line);
      } else if (mismatch !== undefined) {
        const place = `the partition ${mismatch.ofStartUrl}`;
        problem(`has the sso_region ${region.value}, but its start URL is a portal in ${place}`, region.line);
      }
      const scopes = (valueOf(document, section, 'sso_registration_scopes')?.value ?? '')
        .split(/[,\n]/u)
        .map((scope) => scope.trim())
        .filter((scope) => scope !== '');
      sessions.push({
        sessionName,
        startUrl: startUrl.value,
        region: region.value,
        // Without this scope the token can neither list accounts nor get credentials.
        registrationScopes: scopes.includes(DEFAULT_SCOPE) ? scopes : [DEFAULT_SCOPE, ...scopes],
        ...readSwitch('use_fips_endpoint', 'useFips'),
        ...readSwitch('use_dualstack_endpoint', 'useDualstack'),
      });
    }
  }
  for (const { kind, header, line } of document.sections) {
    if (kind !== 'other' || !/^sso-session\s/u.test(header)) continue;
    problems.push({
      line,
      reason: `[${header}] is not a section name. Put a name with spaces in quotes: [sso-session "…"]`,
    });
  }
  return { sessions, problems };
}

/** All native SSO profiles, in file order. */
export function readNativeSsoProfiles(document: ConfigDocument): NativeSsoProfile[] {
  const block = findManagedBlockLeniently(document);
  const profiles: NativeSsoProfile[] = [];
  for (const section of document.sections) {
    if (section.kind !== 'profile' && section.kind !== 'default') continue;
    const shared = {
      profileName: section.name,
      line: section.line,
      writtenBy: isInsideBlock(block, section.line) ? ('rolecall' as const) : ('hand' as const),
    };
    const sessionName = valueOf(document, section, 'sso_session')?.value;
    const startUrl = valueOf(document, section, 'sso_start_url')?.value;
    const region = valueOf(document, section, 'sso_region')?.value;
    if (sessionName !== undefined && sessionName !== '') {
      profiles.push({ ...shared, form: 'sso-session', sessionName });
    } else if (startUrl !== undefined && startUrl !== '' && region !== undefined && region !== '') {
      profiles.push({ ...shared, form: 'legacy', startUrl, region });
    }
  }
  return profiles;
}

/** Whether the profile uses that session; a legacy profile may spell the start URL differently. */
export function isOfSession(profile: NativeSsoProfile, session: SsoSession): boolean {
  return profile.form === 'sso-session'
    ? profile.sessionName === session.sessionName
    : profile.region === session.region && isSameStartUrl(profile.startUrl, session.startUrl);
}

/** All spellings of the session's start URL, in the session and its legacy profiles: AWS clients hash them. */
export function startUrlSpellings(session: SsoSession, profiles: readonly NativeSsoProfile[]): Set<string> {
  const legacy = profiles.flatMap((profile) =>
    profile.form === 'legacy' && isOfSession(profile, session) ? [profile.startUrl] : [],
  );
  return new Set([session.startUrl, ...legacy]);
}

/** `ca_bundle` of `[default]`, as written. */
export function readCaBundle(document: ConfigDocument): string | undefined {
  const section = document.sections.findLast(({ kind }) => kind === 'default');
  const value = section === undefined ? undefined : valueOf(document, section, 'ca_bundle')?.value;
  return value === '' ? undefined : value;
}

/** Sections of one kind by name. If two names differ only in quoting, the later section wins, as in botocore. */
function sectionsByName(document: ConfigDocument, kind: SectionKind): Map<string, ConfigSection> {
  const byName = new Map<string, ConfigSection>();
  for (const section of document.sections) {
    if (section.kind !== kind) continue;
    const earlier = byName.get(section.name);
    const isRepeated = earlier !== undefined && earlier.header === section.header;
    byName.set(
      section.name,
      // A repeated header makes the file malformed; merge both parts, as tolerant clients do.
      isRepeated ? { ...earlier, entries: [...earlier.entries, ...section.entries] } : section,
    );
  }
  return byName;
}

function isWebAddress(text: string): boolean {
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  return ['https:', 'http:'].includes(new URL(text).protocol);
}
