// The AWS_* variables of this shell: what in them wins over a profile, or leads somewhere else than it seems.
import { awsFilePath } from '../../../platform/files/aws-file-path.ts';
import { errorCode } from '../../../platform/files/file-error.ts';
import { IDENTITY_PREFIX } from '../../environment/child-environment.ts';
import { count, harmless } from '../../terminal/render.ts';
import { findDifferingVariables } from '../../sessions.ts';
import type { CheckGroup, Finding } from './codes.ts';
import { BE_RID_OF_KEY, beRidOfKey, isLongLived, maskKeyId } from './keys-check.ts';
import { configProfiles, credentialsProfiles, type World } from './world.ts';
import { lstatSync } from '../../../platform/files/stat-sync.ts';

export function checkEnvironment(world: World): CheckGroup {
  const { environment } = world.context;
  const given = Object.keys(environment).filter((name) => name.startsWith('AWS_') && environment[name] !== '');
  return {
    name: 'environment',
    title: 'This shell',
    summary: given.length === 0 ? 'no AWS_* variable' : `${count(given.length, 'AWS_* variable')}, none in the way`,
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
  const advice = isKeyOfUser ? ` ${BE_RID_OF_KEY}, and take it out of this shell.` : '';
  return [
    {
      code: 'environment-keys',
      message: `This shell has ${kind} in its environment, and most AWS clients prefer them to any profile. Should they come back in a new shell, look for them in its startup files.${advice}`,
      // The shell has the key for the commands until it is taken away.
      commands: [...(isKeyOfUser ? beRidOfKey('"$AWS_ACCESS_KEY_ID"') : []), unset(names)],
    },
  ];
}

const IDENTITIES = [
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
] as const;

/** Inside of `rolecall exec` the container's variables are ours. */
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
      message: `This shell has another source of credentials in its environment: ${names.map(harmless).join(', ')}. Some clients take it before a profile, others when a profile fails.`,
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
      message: `${name} is "${environment[name] ?? ''}", and there is no profile of that name in ${config.shown}.`,
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
            message: `${name} names ${path}, which is not there, so that AWS clients see no profiles from it.`,
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
    // A folder that may not be looked into is another matter.
    return !['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
  }
}

function findEndpoint(environment: Environment): Finding[] {
  if (!isSet(environment, 'AWS_ENDPOINT_URL')) return [];
  return [
    {
      code: 'environment-endpoint',
      message:
        'AWS_ENDPOINT_URL is set, so the AWS clients of this shell speak to that address instead of AWS; rolecall itself does not read it.',
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
      message: `The daemon was started with another ${differing.join(', ')} than this shell has. Restart it from the shell that is right.`,
      commands: ['rolecall daemon restart'],
    },
  ];
}
