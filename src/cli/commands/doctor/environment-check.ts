// Checks the AWS_* variables of this shell: those that override profiles or point to something that does not exist.
import { awsFilePath } from '../../../platform/files/aws-file-path.ts';
import { errorCode } from '../../../platform/files/file-error.ts';
import { IDENTITY_PREFIX } from '../../environment/child-environment.ts';
import { count, harmless } from '../../terminal/render.ts';
import { findDifferingVariables } from '../../sessions.ts';
import type { CheckGroup, Finding } from './codes.ts';
import { REMOVE_KEY_ADVICE, removeKeyCommands, isLongLived, maskKeyId } from './keys-check.ts';
import { describeLoginOfShell } from './login-check.ts';
import { configProfiles, credentialsProfiles, type World } from './world.ts';
import { lstatSync } from '../../../platform/files/stat-sync.ts';

export function checkEnvironment(world: World): CheckGroup {
  const { environment } = world.context;
  const login = describeLoginOfShell(world);
  const given = Object.keys(environment).filter((name) => name.startsWith('AWS_') && environment[name] !== '');
  return {
    name: 'environment',
    title: 'This shell',
    summary:
      given.length === 0
        ? 'no AWS_* variable'
        : `${count(given.length, 'AWS_* variable')}, none of them a problem${login === undefined ? '' : `; ${login}`}`,
    findings: [
      ...findKeys(environment),
      ...findIdentity(environment),
      ...findProfile(world),
      ...findMissingFiles(world),
      ...findEndpoint(environment),
      ...findDifferences(world),
    ],
  };
}

type Environment = World['context']['environment'];

const isSet = (environment: Environment, name: string) => (environment[name] ?? '') !== '';
const unset = (names: readonly string[]) => `unset ${names.join(' ')}`;

function findKeys(environment: Environment): Finding[] {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'].filter(
    (name) => isSet(environment, name),
  );
  if (names.length === 0) return [];
  const keyId = environment['AWS_ACCESS_KEY_ID'];
  const hasToken = isSet(environment, 'AWS_SESSION_TOKEN') || isSet(environment, 'AWS_SECURITY_TOKEN');
  const isKeyOfUser = isLongLived(keyId, hasToken);
  const kind = isKeyOfUser ? `the long-lived access key ${maskKeyId(keyId)}` : 'keys';
  const advice = isKeyOfUser ? ` ${REMOVE_KEY_ADVICE}, and remove it from this shell.` : '';
  return [
    {
      code: 'environment-keys',
      message: `This shell has ${kind} in its environment, and most AWS clients prefer them to any profile. If the variables are back in a new shell, its startup files set them.${advice}`,
      // The commands need the key in the environment, so unset comes last.
      commands: [...(isKeyOfUser ? removeKeyCommands('"$AWS_ACCESS_KEY_ID"') : []), unset(names)],
    },
  ];
}

const IDENTITIES = [
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
] as const;

/** Inside `rolecall exec` the container variables are rolecall's own. */
function findIdentity(environment: Environment): Finding[] {
  if (isSet(environment, 'ROLECALL_PROFILE')) return [];
  const names = [
    ...IDENTITIES.filter((name) => isSet(environment, name)),
    ...Object.keys(environment).filter((name) => name.startsWith(IDENTITY_PREFIX) && isSet(environment, name)),
  ];
  if (names.length === 0) return [];
  return [
    {
      code: 'environment-identity',
      message: `This shell has another source of credentials in its environment: ${names.map(harmless).join(', ')}. Some clients prefer it to a profile, others use it when a profile fails.`,
      commands: [unset(names)],
    },
  ];
}

function findProfile({ context: { environment }, config, credentials }: World): Finding[] {
  const findings: Finding[] = [];
  const known = new Set([...configProfiles(config), ...credentialsProfiles(credentials)].map(({ name }) => name));
  const isUnknown = (name: string) => {
    const value = environment[name] ?? '';
    return value !== '' && value !== 'default' && !known.has(value);
  };
  for (const name of ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE']) {
    if (!isUnknown(name)) continue;
    findings.push({
      code: 'environment-profile-unknown',
      message: `${name} is "${environment[name] ?? ''}", but ${config.shown} has no profile of that name.`,
      commands: [unset([name])],
    });
  }
  const [profile, fallback] = [environment['AWS_PROFILE'] ?? '', environment['AWS_DEFAULT_PROFILE'] ?? ''];
  if (profile !== '' && fallback !== '' && profile !== fallback) {
    findings.push({
      code: 'environment-default-profile',
      message: `AWS_PROFILE is "${profile}" and AWS_DEFAULT_PROFILE is "${fallback}": boto3 and the AWS CLI prefer the second.`,
      commands: [unset(['AWS_DEFAULT_PROFILE'])],
    });
  }
  return findings;
}

function findMissingFiles({ context: { environment, homeDirectory } }: World): Finding[] {
  const files = [
    ['AWS_CONFIG_FILE', awsFilePath('config', environment, homeDirectory)],
    ['AWS_SHARED_CREDENTIALS_FILE', awsFilePath('credentials', environment, homeDirectory)],
  ] as const;
  return files.flatMap(([name, path]): Finding[] =>
    !isSet(environment, name) || isThere(path)
      ? []
      : [
          {
            code: 'environment-file-missing',
            message: `${name} names ${path}, which does not exist, so AWS clients find no profiles in it.`,
            commands: [unset([name])],
          },
        ],
  );
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    // A folder that cannot be entered is not a missing file.
    return !['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
  }
}

function findEndpoint(environment: Environment): Finding[] {
  if (!isSet(environment, 'AWS_ENDPOINT_URL')) return [];
  return [
    {
      code: 'environment-endpoint',
      message:
        'AWS_ENDPOINT_URL is set, so the AWS clients of this shell use that address instead of AWS. rolecall itself does not read it.',
      commands: [unset(['AWS_ENDPOINT_URL'])],
    },
  ];
}

function findDifferences({ context, config, daemon }: World): Finding[] {
  if (daemon.state !== 'running') return [];
  const differing = findDifferingVariables(daemon.status, context);
  if (daemon.status.files.config !== config.path) differing.push('AWS_CONFIG_FILE');
  if (differing.length === 0) return [];
  return [
    {
      code: 'environment-differs',
      message: `The daemon was started with another value of ${differing.join(', ')} than this shell has. Restart it from the shell whose values are right.`,
      commands: ['rolecall daemon restart'],
    },
  ];
}
