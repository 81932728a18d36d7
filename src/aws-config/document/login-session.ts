// Recognizes the profiles that `aws login` writes: whose keys they give, and the other keys that make them ambiguous.
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { isCredentialKey } from './default-credentials.ts';
import type { ConfigDocument, ConfigSection } from './document.ts';
import { valueOf } from './document.ts';

/**
 * The key that `aws login` writes. Its value is the ARN of the principal who signed in to the AWS console.
 * @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html
 */
export const LOGIN_SESSION = 'login_session';

export interface LoginProfile {
  readonly profileName: string;
  /** Of the section's header. */
  readonly line: number;
  /** As written. May be long, and may contain anything. */
  readonly loginSession: string;
  /** Undefined if `login_session` is not the ARN of a principal: AWS clients refuse it then. */
  readonly principal?: Principal;
  /** Other keys of the section by which AWS clients find credentials. */
  readonly otherKeys: readonly string[];
  /** Whether the AWS CLI and boto3 use `login_session`, and not one of the other keys. */
  readonly isUsed: boolean;
}

export interface Principal {
  readonly arn: string;
  readonly accountId: string;
  /** The last part of the ARN: `user/taylor`, `assumed-role/Admin/taylor`, `root`. */
  readonly name: string;
}

const MAX_ARN_LENGTH = 2048;
/** The characters that IAM allows in names and paths. */
const PRINCIPAL_ARN =
  /^arn:aws[a-z-]*:(?:iam|sts)::(?<account>\d{12}):(?<name>root|(?:user|assumed-role|federated-user)\/[\w+=,.@/-]+)$/u;

/** Do not say where credentials come from. */
const COMPANIONS: ReadonlySet<string> = new Set([LOGIN_SESSION, 'aws_account_id', 'aws_credential_scope']);
/**
 * As of 2026-11 the AWS CLI and boto3 look for these before `login_session`, and for `credential_process` and the config
 * file's keys after it. The JS SDK looks for `login_session` last.
 */
const BEFORE_LOGIN: readonly string[] = ['role_arn', 'web_identity_token_file', 'sso_account_id', 'sso_role_name'];

/** The principal that an ARN names; undefined for any other text. */
export function parsePrincipal(arn: string): Principal | undefined {
  if (arn.length > MAX_ARN_LENGTH) return undefined;
  const { account, name } = PRINCIPAL_ARN.exec(arn)?.groups ?? {};
  return account === undefined || name === undefined ? undefined : { arn, accountId: account, name };
}

/** The section as a profile of `aws login`; undefined if it has no `login_session`, or an empty one. */
function readLoginProfile(document: ConfigDocument, section: ConfigSection): LoginProfile | undefined {
  if (section.kind !== 'profile' && section.kind !== 'default') return undefined;
  const loginSession = valueOf(document, section, LOGIN_SESSION)?.value;
  if (loginSession === undefined || loginSession === '') return undefined;
  const keys = section.entries.map(({ key }) => key);
  const principal = parsePrincipal(loginSession);
  return {
    profileName: section.name,
    line: section.line,
    loginSession,
    ...(principal === undefined ? {} : { principal }),
    otherKeys: keys.filter((key) => isCredentialKey(key) && !COMPANIONS.has(key)),
    isUsed: !keys.some((key) => BEFORE_LOGIN.includes(key)),
  };
}

/** All profiles of `aws login`, in file order. */
export function readLoginProfiles(document: ConfigDocument): LoginProfile[] {
  return document.sections.flatMap((section) => readLoginProfile(document, section) ?? []);
}

/** The profile with exactly this name, if the AWS CLI gets its keys from `aws login`. */
export function findLoginProfile(document: ConfigDocument, profileName: string): LoginProfile | undefined {
  const section = document.sections.findLast(
    ({ kind, name }) => (kind === 'profile' || kind === 'default') && name === profileName,
  );
  const found = section && readLoginProfile(document, section);
  return found?.isUsed === true ? found : undefined;
}

/** "user/taylor in 111111111111". Contains only characters that are safe to print. */
export function describePrincipal({ principal }: Pick<LoginProfile, 'principal'>): string {
  return principal === undefined ? 'a login_session that is not an ARN' : `${principal.name} in ${principal.accountId}`;
}

/** The command that signs in to the profile, with its name as one word for a shell. */
export function awsLoginCommand(profileName: string): string {
  return profileName === 'default' ? 'aws login' : `aws login --profile ${quoteForShell(profileName)}`;
}
