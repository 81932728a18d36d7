// Checks the daemon's way to AWS: name resolution, proxies, certificates, answers, and the clock.
import { describeClockSkew } from '../../../core/aws/clock-skew.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import type { ReachDocument } from '../../../local-api/schemas.ts';
import { describeAwsEndpoint } from '../../session-endpoint.ts';
import { count } from '../../terminal/render.ts';
import type { CheckGroup, Finding } from './codes.ts';
import type { World } from './world.ts';

type Endpoint = ReachDocument['endpoints'][number];

export function checkNetwork(world: World): CheckGroup {
  const group = { name: 'network', title: 'Network' };
  const { reach, daemon } = world;
  if (reach === undefined) {
    const reason =
      daemon.state === 'running' ? 'the daemon could not check' : 'the daemon is not running: rolecall daemon start';
    return { ...group, skipped: true, summary: `not checked, ${reason}`, findings: [] };
  }
  const { endpoints } = reach;
  const proxies = [...new Set(endpoints.flatMap(({ proxy }) => (proxy === null ? [] : [proxy])))];
  const slowest = Math.max(0, ...endpoints.map(({ durationMs }) => durationMs));
  return {
    ...group,
    summary:
      endpoints.length === 0
        ? 'no sso-session, so no endpoint to check'
        : `${count(endpoints.length, 'endpoint')} ${endpoints.length === 1 ? 'answers' : 'answer'}, in at most ${slowest} ms` +
          `${proxies.length === 0 ? '' : `, through the proxy ${proxies.join(', ')}`}; the clock is right${describeChoices(world)}`,
    findings: [...endpoints.flatMap((endpoint) => findFault(endpoint, world)), ...findSkew(endpoints, world)],
  };
}

/** Why requests do not go to AWS's default endpoints. */
function describeChoices({ daemon }: World): string {
  if (daemon.state !== 'running') return '';
  return daemon.status.sessions
    .flatMap(({ session, endpoints = [] }) => {
      const variant = describeAwsEndpoint(endpoints);
      const custom = endpoints
        .filter(({ kind }) => kind === 'custom')
        .map(({ url, setBy }) => `${url} (set by ${setBy})`);
      return [...(variant === undefined ? [] : [variant]), ...custom].map((text) => `; ${session} uses ${text}`);
    })
    .join('');
}

function findFault(endpoint: Endpoint, world: World): Finding[] {
  const { host } = new URL(endpoint.url);
  const what = `${host} (${endpoint.service === 'oidc' ? 'sign-in' : 'accounts and keys'} of ${endpoint.sessions.join(', ')})`;
  const reason = endpoint.reason ?? 'unknown reason';
  const custom = customSource(endpoint, world);
  switch (endpoint.state) {
    case 'reached':
      return [];
    case 'unresolvable':
      return [
        {
          code: 'endpoint-unresolvable',
          message: `Cannot resolve ${what}: ${reason}. If other sites work, ${custom?.says ?? `the sso_region "${endpoint.region}" is misspelled`}.`,
          commands: custom?.commands ?? editRegion(endpoint, world),
        },
      ];
    case 'untrusted':
      return [
        {
          code: 'endpoint-untrusted',
          message: `${what}: ${reason}.`,
          commands: ['export AWS_CA_BUNDLE=YOUR-COMPANY-CA.pem && rolecall daemon restart'],
        },
      ];
    case 'proxy-failed':
      return [
        {
          code: 'proxy-failed',
          message: `Cannot reach ${what}: ${reason}. The proxy comes from network.proxy in the settings, else from HTTPS_PROXY as it was when the daemon started.`,
          commands: [
            editCommand(settingsPath(world)),
            'unset HTTPS_PROXY https_proxy ALL_PROXY all_proxy && rolecall daemon restart',
          ],
        },
      ];
    case 'unreachable':
      return [
        {
          code: 'endpoint-unreachable',
          message: `${what} does not answer: ${reason}.${endpoint.proxy === null ? ' If your network has a proxy, the daemon needs it.' : ''}`,
          commands: custom?.commands ?? ['export HTTPS_PROXY=http://YOUR-PROXY:3128 && rolecall daemon restart'],
        },
      ];
  }
}

function settingsPath({ daemon, context }: World): string {
  return daemon.state === 'running' ? daemon.status.files.settings : context.paths.settingsFile;
}

const VARIABLES = { oidc: 'AWS_ENDPOINT_URL_SSO_OIDC', portal: 'AWS_ENDPOINT_URL_SSO' } as const;

/** Where an endpoint that is not AWS's default one was set, and the commands that remove it. */
function customSource(endpoint: Endpoint, world: World): { says: string; commands: string[] } | undefined {
  if (world.daemon.state !== 'running') return undefined;
  const { endpoints, files, sessions } = world.daemon.status;
  const [first] = endpoint.sessions;
  const own = sessions
    .find(({ session }) => session === first)
    ?.endpoints?.find(({ service }) => service === endpoint.service);
  if (own?.kind === 'custom') {
    return {
      says: `the address under ${own.setBy} is wrong`,
      commands: [editCommand(files.settings), 'rolecall daemon restart'],
    };
  }
  if (own !== undefined) {
    return {
      says: `the sso_region "${endpoint.region}" is misspelled, or has no such endpoint (set by ${own.setBy})`,
      commands: editRegion(endpoint, world),
    };
  }
  const inForce = endpoint.service === 'oidc' ? endpoints.ssoOidc : endpoints.sso;
  if (inForce === undefined) return undefined;
  return inForce.source === 'settings'
    ? {
        says: 'the address under [endpoints] in the settings is wrong',
        commands: [editCommand(files.settings), 'rolecall daemon restart'],
      }
    : {
        says: `the address in ${VARIABLES[endpoint.service]} is wrong`,
        commands: [`unset ${VARIABLES[endpoint.service]} && rolecall daemon restart`],
      };
}

function editRegion({ sessions }: Endpoint, { config }: World): string[] {
  const section = config.document.sections.find(({ kind, name }) => kind === 'sso-session' && sessions.includes(name));
  const line = section?.entries.find(({ key }) => key === 'sso_region')?.line ?? section?.line;
  return [editCommand(config.path, line)];
}

function findSkew(endpoints: readonly Endpoint[], { context }: World): Finding[] {
  const skews = endpoints.flatMap(({ clockAheadSeconds }) =>
    clockAheadSeconds === undefined ? [] : [clockAheadSeconds],
  );
  // The smallest skew counts: a single server with a wrong clock is not this machine's fault.
  const ahead = skews.reduce(
    (smallest, skew) => (Math.abs(skew) < Math.abs(smallest) ? skew : smallest),
    skews[0] ?? 0,
  );
  const skew = describeClockSkew(ahead * 1000, context.platform);
  return skew === undefined ? [] : [{ code: 'clock-skew', message: skew.message, commands: [skew.command] }];
}
