// Finds out where a profile gets its credentials: AWS's native SSO keys, or a command of another tool.
import { LOGIN_SESSION } from '../document/login-session.ts';
import type { ConfigSection } from '../document/document.ts';
import { readWrittenRole } from '../profiles/own-profiles.ts';
import { readForeignCommand, type AdoptionSource } from './foreign-command.ts';

/** The keys of a native SSO profile. */
export const NATIVE_KEYS: ReadonlySet<string> = new Set([
  'sso_session',
  'sso_account_id',
  'sso_role_name',
  'sso_start_url',
  'sso_region',
  'sso_registration_scopes',
]);

/** Limit of profiles that refer to other profiles, which may form a circle. */
const MAX_REFERENCES = 10;

/** A profile whose role is known, but not yet its sso-session. */
export interface CredentialSource {
  readonly source: AdoptionSource;
  readonly accountId: string | undefined;
  readonly permissionSet: string | undefined;
  readonly session:
    | { readonly kind: 'named'; readonly name: string }
    /** From a command of ours. */
    | { readonly kind: 'selector'; readonly selector: string }
    | { readonly kind: 'url'; readonly startUrl: string | undefined; readonly region: string | undefined }
    | { readonly kind: 'aws-sso'; readonly name: string | undefined };
}

export interface UnusableSource {
  readonly source: AdoptionSource;
  /** A clause that follows the profile name. */
  readonly reason: string;
}

/** The source of the section's credentials; undefined when it is none that can be adopted. */
export function readSource(
  section: ConfigSection,
  profiles: readonly ConfigSection[],
  hops = 0,
): CredentialSource | UnusableSource | undefined {
  const command = valueIn(section, 'credential_process');
  const isNative = section.entries.some(({ key }) => NATIVE_KEYS.has(key));
  if (command === undefined) return isNative ? readNative(section, 'aws', profiles) : undefined;
  const foreign = readForeignCommand(command);
  if (foreign === undefined) {
    const isOurs = readWrittenRole(section)?.source === 'command';
    if (!isNative || isOurs) return undefined;
    return { source: 'aws', reason: 'it has sso keys and a credential_process, so its role is ambiguous' };
  }
  const { source } = foreign;
  if ('unreadable' in foreign) return { source, reason: foreign.unreadable };
  if ('accountId' in foreign) {
    const { accountId, permissionSet, ssoName } = foreign;
    return { source, accountId, permissionSet, session: { kind: 'aws-sso', name: ssoName } };
  }
  const target = findProfile(foreign.profileName, profiles);
  if (target === undefined) {
    return { source, reason: `it refers to the profile "${foreign.profileName}", which does not exist` };
  }
  // The profile that this one refers to was adopted earlier.
  const written = readWrittenRole(target);
  if (written?.source === 'command' && written.role !== 'current') {
    const { sessionSelector: selector, accountId, permissionSet } = written.role;
    return { source, accountId, permissionSet, session: { kind: 'selector', selector } };
  }
  const targetCommand = valueIn(target, 'credential_process') ?? '';
  if (target === section || readForeignCommand(targetCommand) === undefined) {
    return readNative(target, source, profiles);
  }
  if (hops === MAX_REFERENCES) return { source, reason: 'the profiles that it refers to form a circle' };
  const further = readSource(target, profiles, hops + 1);
  return further === undefined ? undefined : { ...further, source };
}

/** Reads AWS's native keys, Granted's prefixed ones, or those of a profile that aws-vault includes. */
function readNative(
  start: ConfigSection,
  source: AdoptionSource,
  profiles: readonly ConfigSection[],
): CredentialSource | UnusableSource {
  if (valueIn(start, 'role_arn') !== undefined) {
    return { source, reason: 'it assumes another role (role_arn)' };
  }
  let current: ConfigSection | undefined = start;
  const values = new Map<string, string>();
  for (let hops = 0; current !== undefined && hops < MAX_REFERENCES; hops += 1) {
    for (const key of NATIVE_KEYS) {
      const value = valueIn(current, key) ?? (source === 'granted' ? valueIn(current, `granted_${key}`) : undefined);
      if (value !== undefined && !values.has(key)) values.set(key, value);
    }
    const next: string | undefined = source === 'aws-vault' ? valueIn(current, 'include_profile') : undefined;
    current = next === undefined ? undefined : findProfile(next, profiles);
  }
  const accountId = values.get('sso_account_id');
  const permissionSet = values.get('sso_role_name');
  if (accountId === undefined || permissionSet === undefined) {
    return { source, reason: describeOthersKeys(start, values.size > 0) };
  }
  const name = values.get('sso_session');
  const session =
    name === undefined
      ? ({ kind: 'url', startUrl: values.get('sso_start_url'), region: values.get('sso_region') } as const)
      : ({ kind: 'named', name } as const);
  return { source, accountId, permissionSet, session };
}

function describeOthersKeys(section: ConfigSection, hasNativeKeys: boolean): string {
  if (hasNativeKeys) return 'it names no account and permission set';
  return hasLoginSession(section)
    ? 'its keys come from "aws login", not from Identity Center'
    : 'its keys belong to an IAM user, not to Identity Center';
}

/** Whether `aws login` wrote the section. */
export function hasLoginSession(section: ConfigSection): boolean {
  return valueIn(section, LOGIN_SESSION) !== undefined;
}

function findProfile(name: string, profiles: readonly ConfigSection[]): ConfigSection | undefined {
  return profiles.findLast((profile) => profile.name === name);
}

/** The value without quotes; Granted puts some values in backquotes. Undefined when empty. */
export function valueIn(section: ConfigSection, key: string): string | undefined {
  const value = section.entries.findLast((entry) => entry.key === key)?.value.replace(/^(["'`])(.*)\1$/u, '$2');
  return value === '' ? undefined : value;
}
