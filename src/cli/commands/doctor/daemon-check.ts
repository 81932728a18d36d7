// Checks the daemon: whether it runs and answers, what it reports, and what would keep it from starting or writing.
import type { ErrorBody } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { readHolderActivity } from '../../../platform/service/lock-holder.ts';
import { count, harmless } from '../../terminal/render.ts';
import { isDoctorCode, type CheckGroup, type Finding } from './codes.ts';
import { findRefusals, findReportedProblems } from './reported-problems.ts';
import { findStaleSockets } from './stale-sockets.ts';
import { findRunningFault, findStartFault } from './start-check.ts';
import type { World } from './world.ts';

export async function checkDaemon(world: World): Promise<CheckGroup> {
  const { daemon, context } = world;
  const isRunning = daemon.state === 'running';
  const settings = isRunning ? undefined : await context.checkSettings();
  const ofFiles = isRunning || settings !== undefined ? [] : await findSettingsProblems(context);
  const reported = findReportedProblems(world);
  return {
    name: 'daemon',
    title: 'Daemon',
    summary: summarize(world),
    findings: [
      ...(settings === undefined
        ? []
        : [{ code: 'settings-invalid', message: settings.message, commands: [settings.hint] } as const]),
      ...ofFiles,
      ...findFailure(world),
      ...findFileFault(world).filter((fault) => !reported.some((other) => hasSameFix(fault, other))),
      ...(isRunning ? [] : await findStaleSockets(context.paths.socketCandidates)),
      ...reported,
      ...findRefusals(world),
      ...findDropped(world),
    ],
  };
}

/** What a daemon would report of its settings; nothing if they cannot be described. */
async function findSettingsProblems(context: World['context']): Promise<Finding[]> {
  const { problems } = await context.describeSettings().catch(() => ({ problems: [] }));
  return problems.map(({ code, message, hint }) => ({
    code: isDoctorCode(code) ? code : 'daemon-problem',
    message,
    commands: [hint],
  }));
}

function summarize({ daemon }: World): string {
  switch (daemon.state) {
    case 'running': {
      const { version, pid, sessions } = daemon.status;
      const live = sessions.filter(({ state }) => state === 'live').length;
      return `rolecall ${harmless(version)}, pid ${pid}; signed in to ${live} of ${count(sessions.length, 'sso-session')}`;
    }
    case 'absent':
      return 'not running; the first command that needs it starts it';
    case 'failing':
      return 'not usable';
  }
}

function findFailure(world: World): Finding[] {
  const { daemon } = world;
  if (daemon.state !== 'failing') return [];
  const { error } = daemon;
  return [{ code: 'daemon-not-answering', message: error.message, commands: stopCommands(world, error) }];
}

/** Codes whose hint fixes the socket or the file; with any other code the daemon itself has to be replaced. */
const FIXED_BY_HINT: readonly string[] = ['foreign-socket', 'file-not-writable'];

/** Ends a daemon that does not answer and starts another one. */
function stopCommands({ context }: World, { code, hint }: ErrorBody): string[] {
  const { lockFile } = context.paths;
  const holder = readHolderActivity(lockFile);
  if (holder?.activity === 'suspended') return [`kill -CONT ${holder.processId}`, 'rolecall daemon restart'];
  if (holder !== undefined) return ['rolecall daemon restart'];
  if (FIXED_BY_HINT.includes(code)) return [hint];
  // Only a daemon has the lock file open, whether it answers or not.
  return [`fuser -k -KILL ${quoteForShell(lockFile)}`, 'rolecall daemon start'];
}

/** Folders or files that keep a daemon from starting, or a running one from writing. */
function findFileFault({ daemon, context }: World): Finding[] {
  if (daemon.state === 'failing') return [];
  const fault =
    daemon.state === 'absent'
      ? findStartFault(context.paths, context.userId)
      : findRunningFault(context.paths, context.userId);
  return fault === undefined ? [] : [{ code: 'daemon-problem', message: fault.message, commands: [fault.hint] }];
}

function hasSameFix(a: Finding, b: Finding): boolean {
  return a.code === b.code && a.commands.join('\n') === b.commands.join('\n');
}

function findDropped({ reach }: World): Finding[] {
  const names = reach?.droppedVariables ?? [];
  if (names.length === 0) return [];
  const them = names.length === 1 ? 'it' : 'them';
  return [
    {
      code: 'environment-dropped',
      message: `The daemon was started with ${names.map(harmless).join(', ')} set, and ignores ${them}. A daemon that a command starts does not inherit ${them}.`,
      commands: ['rolecall daemon restart'],
    },
  ];
}
