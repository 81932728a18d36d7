// Checks the AWS files: whether clients can read them, and profiles that do not work as written.
import { accessSync, constants, existsSync } from 'node:fs';
import { describeProblem, splitDocument } from '../../../aws-config/document/document.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { readBoundedFileSync } from '../../../platform/files/bounded-read.ts';
import { findCommand } from '../../environment/find-command.ts';
import { count, harmless } from '../../terminal/render.ts';
import { findChainFaults } from './chains-check.ts';
import type { CheckGroup, Finding } from './codes.ts';
import { countLoginProfiles, findLoginFaults } from './login-check.ts';
import { findShadowed } from './shadowed-check.ts';
import { configProfiles, firstWordOf, type AwsFile, type ProfileSection, type World } from './world.ts';
import { listSignInsInMemory, mayEndSignIns } from '../../sign-ins-in-memory.ts';

const MAX_COPY_BYTES = 1024 * 1024;

export function checkConfig(world: World): CheckGroup {
  const { config, credentials } = world;
  const profiles = configProfiles(config);
  const sessions = config.document.sections.filter(({ kind }) => kind === 'sso-session').length;
  return {
    name: 'config',
    title: 'AWS files',
    summary: config.exists
      ? `${config.shown}: ${count(sessions, 'sso-session')}, ${count(profiles.length, 'profile')}${countLoginProfiles(config)}`
      : `${config.shown} does not exist yet`,
    findings: [
      ...[config, credentials].flatMap(findUnreadable),
      ...findMalformed(world),
      ...findBrokenBlock(config),
      ...findDuplicates(profiles, config),
      ...findShadowed(profiles, world),
      ...findMissingSessions(profiles, config),
      ...findMissingPrograms(profiles, world),
      ...findLoginFaults(config),
      ...findChainFaults(world),
    ],
  };
}

function findUnreadable({ failure }: AwsFile): Finding[] {
  if (failure === undefined) return [];
  return [{ code: 'config-unreadable', message: failure.message, commands: [failure.hint] }];
}

/** A running daemon reports unusable sso-sessions too, so its list is used when it reads the same file. */
function findMalformed({ config, credentials, daemon }: World): Finding[] {
  const finding =
    (file: AwsFile) =>
    (problem: (typeof file.document.problems)[number]): Finding => ({
      code: 'config-malformed',
      message: describeProblem(file.shown, problem),
      commands: [editCommand(file.path, problem.line)],
    });
  const reported =
    daemon.state === 'running' && daemon.status.files.config === config.path
      ? daemon.status.problems.filter(({ code }) => code === 'config-malformed')
      : undefined;
  return [
    ...(reported === undefined
      ? config.document.problems.map(finding(config))
      : reported.map(({ message, hint }): Finding => ({ code: 'config-malformed', message, commands: [hint] }))),
    ...credentials.document.problems.map(finding(credentials)),
  ];
}

const START = '# >>> rolecall >>>';
const END = '# <<< rolecall <<<';

/** Only reports a broken block; the daemon refuses to write one. */
export function findBrokenBlock(config: AwsFile): Finding[] {
  const marks = splitDocument(config.document).flatMap(({ text }, index) => {
    const trimmed = text.trim();
    if (/^[#;\s]*>>>\s*rolecall\s*>>>\s*$/iu.test(trimmed)) {
      return [{ isStart: true, line: index + 1, isWhole: trimmed === START }];
    }
    if (/^[#;\s]*<<<\s*rolecall\s*<<<\s*$/iu.test(trimmed)) {
      return [{ isStart: false, line: index + 1, isWhole: trimmed === END }];
    }
    return [];
  });
  const [first, second, third] = marks;
  if (first === undefined) return [];
  if (first.isStart && second?.isStart === false && third === undefined && first.isWhole && second.isWhole) return [];
  const wrong =
    [first, second, third].find(
      (mark, index) => mark !== undefined && (!mark.isWhole || mark.isStart !== (index === 0)),
    ) ??
    third ??
    first;
  return [
    {
      code: 'config-block-broken',
      message:
        `${config.shown}, line ${wrong.line}: the lines "${START}" and "${END}" around rolecall's profiles are no longer a pair, ` +
        'so rolecall writes no profiles. Fix them, or delete both and everything between them: the next sync writes the block again.',
      commands: [editCommand(config.path, wrong.line)],
    },
  ];
}

/** Finds headers that name the same profile in different spellings; `config-malformed` covers equal headers. */
function findDuplicates(profiles: readonly ProfileSection[], config: AwsFile): Finding[] {
  const seen = new Map<string, ProfileSection>();
  const findings: Finding[] = [];
  for (const profile of profiles) {
    const first = seen.get(profile.name);
    if (first === undefined) seen.set(profile.name, profile);
    else if (first.header !== profile.header) {
      findings.push({
        code: 'profile-duplicate',
        message: `${config.shown} has the profile "${profile.name}" twice: [${first.header}] on line ${first.line} and [${profile.header}] on line ${profile.line}. Delete one.`,
        commands: [editCommand(config.path, profile.line)],
      });
    }
  }
  return findings;
}

function findMissingSessions(profiles: readonly ProfileSection[], config: AwsFile): Finding[] {
  const sessions = new Set(
    config.document.sections.filter(({ kind }) => kind === 'sso-session').map(({ name }) => name),
  );
  return profiles.flatMap((profile): Finding[] => {
    const session = profile.value('sso_session');
    if (session === undefined || sessions.has(session)) return [];
    return [
      {
        code: 'profile-session-missing',
        message: `${config.shown}, line ${profile.line}: the profile "${profile.name}" uses the sso-session "${session}", but there is no [sso-session ${session}].`,
        commands: [editCommand(config.path, profile.line)],
      },
    ];
  });
}

/** One finding per program, as most profiles name the same one. */
function findMissingPrograms(profiles: readonly ProfileSection[], world: World): Finding[] {
  const { config, context } = world;
  const { credentialProcessPath, usualCredentialProcessPath } = context.paths;
  const users = new Map<string, ProfileSection[]>();
  for (const profile of profiles) {
    const program = firstWordOf(profile.value('credential_process') ?? '');
    if (program !== '') users.set(program, [...(users.get(program) ?? []), profile]);
  }
  const findings: Finding[] = [];
  for (const [program, [first, ...others]] of users) {
    if (first === undefined) continue;
    // The daemon writes the usual copy only if it is there.
    const isUsual = program === usualCredentialProcessPath && existsSync(program);
    if (program === credentialProcessPath || isUsual) {
      const fault = findCopyFault(program);
      if (fault !== undefined) findings.push(staleCopy(program, fault, 1 + others.length, world));
      continue;
    }
    if ('path' in findCommand(program, context.environment)) continue;
    const more = others.length === 0 ? '' : ` (and ${count(others.length, 'other profile')})`;
    findings.push({
      code: 'profile-program-missing',
      message: `${config.shown}, line ${first.line}: the profile "${first.name}"${more} gets its credentials from ${program}, which does not exist.`,
      commands: [editCommand(config.path, first.line)],
    });
  }
  return findings;
}

/** What is wrong with the helper, as the end of a sentence; undefined when it is fine. */
function findCopyFault(path: string): string | undefined {
  let text: string;
  try {
    text = readBoundedFileSync(path, MAX_COPY_BYTES);
    accessSync(path, constants.X_OK);
  } catch {
    return 'is missing or not executable';
  }
  for (const variable of ['node', 'client']) {
    const baked = new RegExp(`^${variable}=(.*)$`, 'mu').exec(text)?.[1] ?? '';
    const target = firstWordOf(baked);
    if (!target.startsWith('/')) continue;
    try {
      accessSync(target);
    } catch {
      return `refers to ${target}, which no longer exists`;
    }
  }
  return undefined;
}

function staleCopy(path: string, fault: string, profiles: number, { context, daemon }: World): Finding {
  return {
    code: 'credential-process-copy-stale',
    message: `${harmless(path)}, which ${count(profiles, 'profile')} ${profiles === 1 ? 'runs' : 'run'}, ${fault}.`,
    commands: [daemon.state === 'running' ? 'rolecall daemon restart' : 'rolecall daemon start'],
    endsSignIn: daemon.state === 'running' && listSignInsInMemory(daemon.status).length > 0,
    async fix() {
      if (!(await mayEndSignIns('Restarting the daemon', {}, context))) return 'The daemon was not restarted.';
      const { restartDaemon } = await import('../daemon/run.ts');
      await restartDaemon({ ...context, stdout: { write: () => true } });
      return `Restarted the daemon, which has written ${path} again.`;
    },
  };
}
