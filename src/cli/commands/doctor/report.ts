// Formats `rolecall doctor --report` for bug reports: versions, counts and codes, and no text from a file or a server.
import { arch, release } from 'node:os';
import { loadVersion } from '../../../local-api/version.ts';
import { stateOf } from './checks.ts';
import type { CheckGroup } from './codes.ts';
import { configProfiles, type DoctorContext, type World } from './world.ts';

/** Markdown. It needs no redaction, because names, paths, addresses and messages are never added. */
export function formatReport(world: World, groups: readonly CheckGroup[]): string {
  const { context, config, programs } = world;
  const sessions = config.document.sections.filter(({ kind }) => kind === 'sso-session').length;
  const facts = [
    ['rolecall', loadVersion()],
    ['daemon', describeDaemon(world)],
    ['Node', plainVersion(context.nodeVersion)],
    ['system', `${context.platform} ${arch()} ${plainVersion(release())}${describePlace(context)}`],
    ['aws', plainVersion(programs.aws)],
    ['curl', plainVersion(programs.curl)],
    ['AWS config file', `${sessions} sso-sessions, ${configProfiles(config).length} profiles`],
    ...describeRunning(world),
    ...describeFlows(groups),
  ];
  return [
    '## rolecall doctor --report',
    '',
    ...facts.map(([label, value]) => `- ${label}: ${value}`),
    '',
    '| check | state | codes |',
    '| --- | --- | --- |',
    ...groups.map((group) => `| ${group.name} | ${stateOf(group)} | ${countCodes(group)} |`),
    '',
  ].join('\n');
}

function describeDaemon({ daemon }: World): string {
  if (daemon.state !== 'running') return daemon.state === 'absent' ? 'not running' : 'not usable';
  return plainVersion(daemon.status.version);
}

function describeRunning({ daemon, reach }: World): string[][] {
  if (daemon.state !== 'running') return [];
  const { store, sessions, endpoints } = daemon.status;
  const states = sessions.map(({ state }) => state).toSorted();
  const catalogs = sessions.map(({ catalog }) =>
    catalog === null ? 'none' : `${catalog.accounts} accounts x ${catalog.permissionSets} permission sets`,
  );
  const custom = Object.keys(endpoints).filter((name) => name !== 'switches').length;
  const kinds = new Set(sessions.flatMap(({ endpoints: own = [] }) => own.map(({ kind }) => kind)));
  const proxied = (reach?.endpoints ?? []).some(({ proxy }) => proxy !== null);
  return [
    ['store', store.driver],
    ['sessions', states.join(', ') || 'none'],
    ['lists', catalogs.join('; ') || 'none'],
    ['endpoints', [custom === 0 ? "AWS's own" : `${custom} set by hand`, ...kinds].join(', ')],
    ['proxy', proxied ? 'yes' : 'no'],
  ];
}

/** The setting, the flow and its reason, without the sessions' names. */
function describeFlows(groups: readonly CheckGroup[]): string[][] {
  const flows = groups.flatMap(({ flows: those = [] }) => those);
  const found = new Set(flows.map(({ setting, flow, reason }) => `${setting} takes ${flow}: ${reason}`));
  return found.size === 0 ? [] : [['sign-in', [...found].join(', ')]];
}

/** Only leading digits and dots: the rest may be a name that a company gave its build. */
function plainVersion(text: string | undefined): string {
  return /^v?(\d+(?:\.\d+)*)/u.exec(text ?? '')?.[1] ?? 'none';
}

function describePlace({ environment }: DoctorContext): string {
  const has = (...names: readonly string[]) => names.some((name) => (environment[name] ?? '') !== '');
  const found = [
    ...(has('WSL_DISTRO_NAME') ? ['WSL'] : []),
    ...(has('SSH_CONNECTION') ? ['SSH'] : []),
    ...(has('DISPLAY', 'WAYLAND_DISPLAY') ? ['display'] : []),
  ];
  return found.length === 0 ? '' : `, ${found.join(', ')}`;
}

function countCodes({ findings }: CheckGroup): string {
  const counts = new Map<string, number>();
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, amount]) => (amount === 1 ? code : `${code} x ${amount}`)).join(', ');
}
