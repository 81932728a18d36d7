// The daemon and its store: whether it runs, what it says of itself, and what is left of one that is gone.
import { unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { ErrorBody } from '../../../core/errors.ts';
import { editCommand, quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { loadVersion } from '../../../local-api/version.ts';
import { readLockHolder } from '../../../platform/process/lock-holder.ts';
import { groupRefusals } from '../../refusal-lines.ts';
import { count, harmless } from '../../terminal/render.ts';
import { findBrokenBlock } from './config-check.ts';
import { isDoctorCode, type CheckGroup, type Finding } from './codes.ts';
import { findRunningFault, findStartFault } from './start-check.ts';
import type { World } from './world.ts';
import { lstatSync } from '../../../platform/files/stat-sync.ts';

/** Said by other checks, or by a session's own line in `status`. */
const ELSEWHERE: readonly string[] = ['config-malformed', 'sign-in-required', 'sign-in-expired'];
const STORE_CODES: readonly string[] = ['secret-store-unavailable', 'secret-store-locked'];

export async function checkDaemon(world: World): Promise<CheckGroup> {
  const { daemon, context } = world;
  const stale = daemon.state === 'running' ? [] : await findStaleSockets(context.paths.socketCandidates);
  const settings = daemon.state === 'running' ? undefined : await context.checkSettings();
  const fileFault = findFileFault(world);
  return {
    name: 'daemon',
    title: 'Daemon',
    summary: summarize(world),
    findings: [
      ...(settings === undefined
        ? []
        : [{ code: 'settings-invalid', message: settings.message, commands: [settings.hint] } as const]),
      ...(daemon.state === 'failing'
        ? [
            {
              code: 'daemon-not-answering',
              message: daemon.error.message,
              commands: endCommands(world, daemon.error.hint),
            } as const,
          ]
        : []),
      ...(fileFault === undefined
        ? []
        : [{ code: 'daemon-problem', message: fileFault.message, commands: [fileFault.hint] } as const]),
      ...stale,
      ...findSaid(world),
      ...findRefusals(world),
      ...findDropped(world),
    ],
  };
}

/** What keeps a daemon from starting, or one that runs from writing, unless it has said so. */
function findFileFault({ daemon, context }: World): ErrorBody | undefined {
  if (daemon.state === 'absent') return findStartFault(context.paths, context.userId);
  if (daemon.state === 'failing') return undefined;
  const fault = findRunningFault(context.paths, context.userId);
  return daemon.status.problems.some(({ hint }) => hint === fault?.hint) ? undefined : fault;
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

/** Only a daemon has its lock file open, whether it answers or not. */
function endCommands({ context }: World, hint: string): string[] {
  if (hint.startsWith('kill -CONT ')) return [hint, 'rolecall daemon restart'];
  if (readLockHolder(context.paths.lockFile) !== undefined) return ['rolecall daemon restart'];
  return hint.startsWith('rolecall ')
    ? [`fuser -k -KILL ${quoteForShell(context.paths.lockFile)}`, 'rolecall daemon start']
    : [hint];
}

function findDropped({ reach }: World): Finding[] {
  const names = reach?.droppedVariables ?? [];
  if (names.length === 0) return [];
  return [
    {
      code: 'environment-dropped',
      message: `The daemon was started with ${names.map(harmless).join(', ')} set, and ignores ${names.length === 1 ? 'it' : 'them'}. A daemon that a command starts does not get ${names.length === 1 ? 'it' : 'them'}.`,
      commands: ['rolecall daemon restart'],
    },
  ];
}

/** What the daemon itself knows to be wrong. */
function findSaid({ daemon, config, reach }: World): Finding[] {
  if (daemon.state !== 'running') return [];
  const { status } = daemon;
  const own = loadVersion();
  const version: Finding[] =
    status.version === own
      ? []
      : [
          {
            code: 'daemon-version-mismatch',
            message: `The daemon is rolecall ${status.version}, this command is ${own}.`,
            commands: ['rolecall daemon restart'],
          },
        ];
  const elsewhere = [...ELSEWHERE, ...STORE_CODES];
  // The probe is newer than what the daemon remembers.
  if (reach?.endpoints.some(({ clockAheadSeconds }) => clockAheadSeconds !== undefined)) elsewhere.push('clock-skew');
  if (reach?.endpoints.some(({ state }) => state !== 'reached')) elsewhere.push('identity-center-unreachable');
  if (findBrokenBlock(config).length > 0) elsewhere.push('config-section-not-ours');
  const said = status.problems
    .filter(({ code }) => !elsewhere.includes(code))
    .map(({ code, message, hint }): Finding => ({
      code: isDoctorCode(code) ? code : 'daemon-problem',
      message,
      commands: commandsFor({ code, message, hint }, status.files.settings),
    }));
  return [...version, ...said];
}

/** Each of hundreds of roles may be refused in words of its own. */
const MAX_REFUSALS = 5;

/** What programs were refused last, which their SDKs may have hidden. */
function findRefusals({ daemon, context }: World): Finding[] {
  if (daemon.state !== 'running') return [];
  const lines = groupRefusals(daemon.status.lastRefusals ?? [], context.clock.nowMs());
  return lines.slice(0, MAX_REFUSALS).map(({ who, message, hint, profile }) => ({
    code: 'keys-refused',
    message: `${who}: ${message}`,
    // Whoever reads this has just run the one, and sees here what the other shows.
    commands: [
      ...(['rolecall doctor', 'rolecall status'].includes(hint) ? [] : [hint]),
      profile === undefined ? 'rolecall ls --refresh' : `rolecall exec ${quoteForShell(profile)} -- true`,
    ],
  }));
}

/** The hint of a message stands alone; here is the whole way. */
function commandsFor({ code, message, hint }: ErrorBody, settingsFile: string): string[] {
  switch (code) {
    case 'settings-without-effect':
      // Else it is the team's file, which its own people edit.
      if (!message.startsWith(`${settingsFile} `)) return ['rolecall setup --refresh'];
      // With the line, where the problem has one.
      return [hint.endsWith(quoteForShell(settingsFile)) ? hint : editCommand(settingsFile), 'rolecall daemon restart'];
    case 'web-port-not-usable':
      return [editCommand(settingsFile), 'rolecall daemon restart'];
    case 'container-port-lost':
    case 'container-port-taken':
      return ['rolecall daemon restart'];
    case 'identity-center-unreachable':
    case 'identity-center-throttled':
    case 'unusable-response':
      return ['rolecall ls --refresh'];
    default:
      return [hint];
  }
}

async function findStaleSockets(candidates: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const path of candidates) {
    if (!isSocket(path) || !(await isDead(path))) continue;
    findings.push({
      code: 'socket-stale',
      message: `${path} is the socket of a daemon that is gone. The next daemon replaces it by itself.`,
      commands: [`rm ${quoteForShell(path)}`],
      async fix() {
        if (!(await isDead(path))) return `Somebody listens at ${path} by now; it was left alone.`;
        await unlink(path);
        return `${path} was deleted.`;
      },
    });
  }
  return findings;
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // There is none, or nobody may look: what is wrong with the way to it is told beside.
    return false;
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

const READERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin:
    'the OS keychain; macOS asks once and then trusts the program "node", so any script that this Node runs may read them',
  linux:
    'the OS keychain; while it is unlocked every program that runs as you may read them, as the Secret Service has no finer rule',
};

export function checkStore({ daemon, context }: World): CheckGroup {
  const group = { name: 'store', title: 'Tokens' };
  if (daemon.state !== 'running') {
    return { ...group, skipped: true, summary: 'not looked at: no daemon runs', findings: [] };
  }
  const { store, problems } = daemon.status;
  const stores = {
    keychain: READERS[context.platform] ?? 'the OS keychain',
    file: 'an encrypted file (AES-256-GCM); who knows the passphrase may read them',
    memory: 'memory only, until the daemon stops; nobody else reads them',
  } as const;
  const failing = problems
    .filter(({ code }) => STORE_CODES.includes(code))
    .map(({ code, message, hint }): Finding => ({
      code: isDoctorCode(code) ? code : 'daemon-problem',
      message,
      // A restart ends a sign-in that is in memory, so it comes after the fix.
      commands: store.driver === 'memory' ? [hint, 'rolecall daemon restart'] : [hint],
    }));
  const chosen: Finding[] =
    store.driver === 'memory' && failing.length === 0
      ? [
          {
            code: 'secret-store-memory',
            message: 'Tokens are kept in memory, as the settings say: each start of the daemon needs a new sign-in.',
            commands:
              (context.environment['ROLECALL_SECRET_STORE'] ?? '') === ''
                ? [editCommand(daemon.status.files.settings), 'rolecall daemon restart']
                : ['unset ROLECALL_SECRET_STORE && rolecall daemon restart'],
          },
        ]
      : [];
  return { ...group, summary: `in ${stores[store.driver]}`, findings: [...failing, ...chosen] };
}
