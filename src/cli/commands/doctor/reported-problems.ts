// Findings that a running daemon reports itself: its problems, and the requests for keys that it refused.
import { editCommand, quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { loadVersion } from '../../../local-api/version.ts';
import { groupRefusals } from '../../refusal-lines.ts';
import { isOverview } from '../../terminal/render.ts';
import { isDoctorCode, type Finding } from './codes.ts';
import { findBrokenBlock } from './config-check.ts';
import { STORE_CODES } from './store-check.ts';
import type { World } from './world.ts';

/** Codes that other checks report, or that `status` shows in the session's own line. */
const REPORTED_ELSEWHERE: readonly string[] = [
  'config-malformed',
  'chain-unavailable',
  'sign-in-required',
  'sign-in-expired',
];

/** The daemon's own problems, and a version that differs from this command's. */
export function findReportedProblems({ daemon, config, reach }: World): Finding[] {
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
  const elsewhere = [...REPORTED_ELSEWHERE, ...STORE_CODES];
  // The network check has just asked; the daemon's own result may be older.
  if (reach?.endpoints.some(({ clockAheadSeconds }) => clockAheadSeconds !== undefined)) elsewhere.push('clock-skew');
  if (reach?.endpoints.some(({ state }) => state !== 'reached')) elsewhere.push('identity-center-unreachable');
  if (findBrokenBlock(config).length > 0) elsewhere.push('config-section-not-ours');
  const problems = status.problems
    .filter(({ code }) => !elsewhere.includes(code))
    .map((problem): Finding => ({
      code: isDoctorCode(problem.code) ? problem.code : 'daemon-problem',
      message: problem.message,
      commands: commandsFor(problem, status.files.settings),
    }));
  const notes = (status.notes ?? []).map(({ code, message, team }): Finding => ({
    code: isDoctorCode(code) ? code : 'daemon-problem',
    message,
    commands: team === true ? ['rolecall setup --refresh'] : [],
  }));
  return [...version, ...problems, ...notes];
}

/** A failing proxy may refuse hundreds of roles, each with a message of its own. */
const MAX_REFUSALS = 5;

/** The latest refused requests for keys; SDKs often hide the reason from the user. */
export function findRefusals({ daemon, context }: World): Finding[] {
  if (daemon.state !== 'running') return [];
  const lines = groupRefusals(daemon.status.lastRefusals ?? [], context.clock.nowMs());
  return lines.slice(0, MAX_REFUSALS).map(({ who, message, hint, profile }) => ({
    code: 'keys-refused',
    message: `${who}: ${message}`,
    commands: [
      ...(isOverview(hint) ? [] : [hint]),
      profile === undefined ? 'rolecall ls --refresh' : `rolecall exec ${quoteForShell(profile)} -- true`,
    ],
  }));
}

/** All steps of the fix; a hint is only the first. */
function commandsFor({ code, hint, team }: StatusDocument['problems'][number], settingsFile: string): string[] {
  switch (code) {
    case 'settings-without-effect':
      if (team === true) return ['rolecall setup --refresh'];
      return [isOverview(hint) ? editCommand(settingsFile) : hint, 'rolecall daemon restart'];
    case 'template-invalid':
    case 'settings-session-missing':
    case 'settings-too-new':
      return [hint, 'rolecall daemon restart'];
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
