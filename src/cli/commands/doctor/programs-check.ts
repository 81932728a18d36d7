// Checks Node, the AWS CLI and curl, and finds other tools that serve keys for the same config file.
import { splitDocument } from '../../../aws-config/document/document.ts';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { findProgram } from '../../../platform/programs/find-program.ts';
import { findCommand } from '../../environment/find-command.ts';
import { count, harmless } from '../../terminal/render.ts';
import type { CheckGroup, Finding } from './codes.ts';
import { configProfiles, firstWordOf, type AwsFile, type ProgramVersions, type World } from './world.ts';

/** AWS SDK releases from this date on need Node 22. */
const NODE_20_ENDS_MS = Date.UTC(2027, 0, 8);
const MIN_NODE_FOR_SDK = 22;
const MIN_CURL = [7, 40] as const;

export function checkPrograms(world: World): CheckGroup {
  const { context, programs: versions } = world;
  const parts = [
    `Node ${context.nodeVersion.slice(1)}`,
    versions.aws === undefined ? 'no aws' : `aws ${versions.aws}`,
    versions.curl === undefined ? 'no curl' : `curl ${versions.curl}`,
  ];
  return {
    name: 'programs',
    title: 'Programs',
    summary: harmless(parts.join(', ')),
    findings: [...findOldNode(world), ...findOldAws(versions, world), ...findOldCurl(versions)],
  };
}

function findOldNode({ context, reach }: World): Finding[] {
  const versions = [context.nodeVersion, ...(reach === undefined ? [] : [reach.nodeVersion])];
  const old = versions.find((version) => majorOf(version) < MIN_NODE_FOR_SDK);
  if (old === undefined) return [];
  const isOver = context.clock.nowMs() >= NODE_20_ENDS_MS;
  const whose = old === context.nodeVersion ? 'This is' : 'The daemon runs on';
  return [
    {
      code: isOver ? 'node-too-old' : 'node-ends-soon',
      message: isOver
        ? `${whose} Node ${old.slice(1)}. The AWS SDK has needed Node 22 or newer since January 2027, so you no longer get its fixes.`
        : `${whose} Node ${old.slice(1)}. From January 2027 on, the AWS SDK needs Node 22. We recommend Node 24.`,
      commands: [upgradeCommand(context.environment), 'rolecall daemon restart'],
    },
  ];
}

const majorOf = (version: string) => Number(/^v?(\d+)/u.exec(version)?.[1] ?? 0);

/** Uses the tool that manages this Node. */
function upgradeCommand(environment: World['context']['environment']): string {
  const isOnPath = (name: string) => 'path' in findCommand(name, environment);
  const again = 'npm install -g rolecall';
  if ((environment['NVM_DIR'] ?? '') !== '') return `nvm install 24 && nvm alias default 24 && ${again}`;
  if (isOnPath('fnm')) return `fnm install 24 && fnm default 24 && ${again}`;
  if (isOnPath('volta')) return `volta install node@24 && ${again}`;
  if (isOnPath('brew')) return `brew install node@24 && brew link --overwrite node@24 && ${again}`;
  return `npx n 24 && ${again}`;
}

function findOldAws({ aws }: ProgramVersions, { context }: World): Finding[] {
  if (aws === undefined || majorOf(aws) >= 2) return [];
  const here = findProgram('aws', context, { pathOnly: true });
  const other = (context.environment['PATH'] ?? '')
    .split(delimiter)
    .find((folder) => existsSync(join(folder, 'aws')) && join(folder, 'aws') !== here);
  const elsewhere = other === undefined ? '' : ` There is another one in ${other}.`;
  return [
    {
      code: 'aws-cli-1',
      message: `${here ?? 'aws'} is the AWS CLI ${aws}. It works with rolecall's profiles but does not support sso-sessions.${elsewhere}`,
      commands: [other === undefined ? 'pip uninstall awscli' : `export PATH=${other}:$PATH`],
    },
  ];
}

function findOldCurl({ curl }: ProgramVersions): Finding[] {
  if (curl === undefined) {
    return [
      {
        code: 'curl-missing',
        message:
          'curl is not on your PATH, so each credential_process starts Node, which takes a tenth of a second instead of a hundredth.',
        commands: ['sudo apt-get install curl'],
      },
    ];
  }
  const [major = 0, minor = 0] = curl.split('.').map(Number);
  const isOld = major < MIN_CURL[0] || (major === MIN_CURL[0] && minor < MIN_CURL[1]);
  return isOld
    ? [
        {
          code: 'curl-too-old',
          message: `curl ${curl} does not support unix sockets, so each credential_process starts Node.`,
          commands: ['sudo apt-get install curl'],
        },
      ]
    : [];
}

interface Neighbour {
  readonly name: string;
  readonly from: string;
  readonly programs: readonly string[];
  /** A line with which the tool marks what it wrote, and what it may rewrite or delete later. */
  readonly mark?: RegExp;
}

const NEIGHBOURS: readonly Neighbour[] = [
  { name: 'aws-sso-cli', from: 'aws-sso', programs: ['aws-sso'], mark: /^\s*#\s*BEGIN_AWS_SSO_CLI/u },
  {
    name: 'Granted',
    from: 'granted',
    programs: ['granted', 'dgranted'],
    mark: /^\s*(?:\[\s*granted_registry_start\b|common_fate_generated_from\s*[=:])/iu,
  },
  { name: 'aws-vault', from: 'aws-vault', programs: ['aws-vault'] },
  { name: 'Leapp', from: 'leapp', programs: ['leapp'] },
];

/** Leapp's profiles do not say which role they use, so they cannot be adopted. */
const LEAPP_ADVICE =
  'Only Leapp knows which role it uses. When rolecall has a profile for that role, delete this profile, or copy the credential_process of rolecall’s profile into it.';

/** Reports a tool only if the config file mentions it; one that is merely installed does not matter. */
export function checkNeighbours({ config }: World): CheckGroup {
  const commands = configProfiles(config).map((profile) => ({
    profile,
    program:
      firstWordOf(profile.value('credential_process') ?? '')
        .split('/')
        .at(-1) ?? '',
  }));
  const findings = NEIGHBOURS.flatMap((tool): Finding[] => {
    const [first, ...others] = commands.filter(({ program }) => tool.programs.includes(program));
    if (first === undefined) return findMarks(tool, config);
    const whose = others.length === 0 ? `the profile "${first.profile.name}"` : `${others.length + 1} profiles`;
    return [
      {
        code: 'other-tool',
        message: `${tool.name} serves the keys of ${whose} in ${config.shown}. ${tool.from === 'leapp' ? LEAPP_ADVICE : 'You can get the same profiles from rolecall.'}`,
        commands:
          tool.from === 'leapp'
            ? [editCommand(config.path, first.profile.line)]
            : [
                `rolecall profiles adopt --from ${tool.from} --dry-run`,
                `rolecall profiles adopt --from ${tool.from} --yes`,
              ],
      },
    ];
  });
  return {
    name: 'neighbours',
    title: 'Other tools',
    summary: 'none serves keys or writes profiles in your AWS config file',
    findings,
  };
}

/** The marks of a tool whose commands are in no profile, or no longer since they were adopted. */
function findMarks({ name, mark }: Neighbour, config: AwsFile): Finding[] {
  if (mark === undefined) return [];
  const [first, ...others] = splitDocument(config.document).flatMap(({ text }, index) =>
    mark.test(text) ? [index + 1] : [],
  );
  if (first === undefined) return [];
  const where = others.length === 0 ? `line ${first}` : `line ${first} and ${count(others.length, 'more line')}`;
  return [
    {
      code: 'other-tool',
      message: `${name} also writes profiles to ${config.shown} (its marks: ${where}) and may undo changes that you or rolecall make to them. When you no longer use it, remove its marks.`,
      commands: [editCommand(config.path, first)],
    },
  ];
}
