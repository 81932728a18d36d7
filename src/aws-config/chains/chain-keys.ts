// Reads the keys of one profile that assumes a role, as AWS clients name them, without looking at its source.
import {
  findDurationFault,
  findExternalIdFault,
  findSessionNameFault,
  isRegionText,
  limitDuration,
} from '../../core/aws/chain-fields.ts';
import { isChainName, parseRoleArn } from '../../core/aws/chain-role.ts';
import type { ChainDefinition } from '../../core/model.ts';
import { valueOf, type ConfigDocument, type ConfigSection } from '../document/document.ts';

/**
 * `ours`: it starts from a role of an sso-session. `broken`: no AWS client can use it. `foreign`: its credentials come
 * from elsewhere, so AWS clients may well use it.
 */
export type ChainFaultKind = 'ours' | 'broken' | 'foreign';

/** Why rolecall cannot use a profile with `role_arn`, and the command to type. */
export interface ChainFault {
  readonly kind: ChainFaultKind;
  /** The line to change. */
  readonly line: number;
  /** A clause that follows the name of the profile. */
  readonly reason: string;
  readonly hint: string;
}

export type ChainOptions = Pick<
  ChainDefinition,
  'durationSeconds' | 'requestedSeconds' | 'externalId' | 'sourceIdentity' | 'region'
> & { readonly roleSessionName?: string };

export interface ChainKeys {
  readonly source?: { readonly name: string; readonly line: number };
  readonly call: ChainCall | Pick<ChainFault, 'kind' | 'line' | 'reason'>;
}

export interface ChainCall {
  readonly roleArn: string;
  readonly roleArnLine: number;
  readonly options: ChainOptions;
}

const MFA =
  'its mfa_serial asks for a code, which AWS clients cannot do without a terminal. Delete the line: the sign-in to IAM Identity Center has MFA already';

/** @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
export function readChainKeys(document: ConfigDocument, section: ConfigSection): ChainKeys {
  const read: ReadKey = (key) => {
    const found = valueOf(document, section, key);
    return found === undefined || found.value === '' ? undefined : found;
  };
  const source = read('source_profile');
  const call = readCall(read, section, source !== undefined);
  return { ...(source === undefined ? {} : { source: { name: source.value, line: source.line } }), call };
}

function readCall(read: ReadKey, section: ConfigSection, hasSource: boolean): ChainKeys['call'] {
  const refused = [
    ['web_identity_token_file', 'foreign', 'its web_identity_token_file gives the credentials, not an sso-session'],
    [
      'credential_source',
      hasSource ? 'broken' : 'foreign',
      hasSource
        ? 'it has both source_profile and credential_source'
        : 'its credential_source takes credentials from the environment or the machine, not from an sso-session',
    ],
    ['mfa_serial', 'ours', MFA],
  ] as const;
  for (const [key, kind, reason] of refused) {
    const found = read(key);
    if (found !== undefined) return { kind, line: found.line, reason };
  }
  const roleArn = read('role_arn');
  if (roleArn === undefined || parseRoleArn(roleArn.value) === undefined) {
    const reason = 'its role_arn is not the ARN of an IAM role';
    return { kind: 'broken', line: roleArn?.line ?? section.line, reason };
  }
  if (!hasSource) return { kind: 'broken', line: roleArn.line, reason: 'it has a role_arn but no source_profile' };
  if (!isChainName(section.name)) {
    const reason = 'the name of a profile with role_arn may have up to 128 of A-Z a-z 0-9 _ + = , . @ / -';
    return { kind: 'ours', line: section.line, reason };
  }
  const options = readOptions(read);
  if ('reason' in options) return { kind: 'ours', ...options };
  return { roleArn: roleArn.value, roleArnLine: roleArn.line, options };
}

type ReadKey = (key: string) => { readonly value: string; readonly line: number } | undefined;

/** `source_identity` is a key of aws-vault; as of 2026-11 AWS clients ignore it. */
function readOptions(read: ReadKey): ChainOptions | Pick<ChainFault, 'line' | 'reason'> {
  const checks = [
    ['role_session_name', findSessionNameFault],
    ['external_id', findExternalIdFault],
    ['source_identity', findSessionNameFault],
    ['duration_seconds', (value: string) => findDurationFault(toSeconds(value))],
    ['region', (value: string) => (isRegionText(value) ? undefined : 'is not the name of a region')],
  ] as const;
  for (const [key, findFault] of checks) {
    const found = read(key);
    const reason = found === undefined ? undefined : findFault(found.value);
    if (found !== undefined && reason !== undefined) return { line: found.line, reason: `its ${key} ${reason}` };
  }
  const [sessionName, externalId, sourceIdentity, duration, region] = checks.map(([key]) => read(key)?.value);
  return {
    ...(sessionName === undefined ? {} : { roleSessionName: sessionName }),
    ...limitDuration(duration === undefined ? undefined : toSeconds(duration)),
    ...(externalId === undefined ? {} : { externalId }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(region === undefined ? {} : { region }),
  };
}

function toSeconds(text: string): number {
  return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
}
