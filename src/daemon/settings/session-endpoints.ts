// The endpoints of one session: custom ones of its own over those for all sessions; else AWS's, FIPS or dual-stack if so set.
import { oncePerObject } from '../../core/async/once.ts';
import { findServiceHost, isDualstackPortal } from '../../core/aws/service-host.ts';
import type { Endpoints, EndpointsOf, SsoSession } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import { parseEndpoint } from '../../identity-center/endpoint.ts';
import type { SessionStatusDocument } from '../../local-api/schemas.ts';
import { ENDPOINT_KEYS, SERVICES, resolveEndpoints, toEndpoints, type EndpointsInForce } from './endpoints.ts';
import { settingsOfSession, type Settings } from './settings.ts';

/** An endpoint that neither applies to all sessions nor is AWS's default for the region. */
export type SessionEndpoint = NonNullable<SessionStatusDocument['endpoints']>[number];

export interface SessionEndpoints {
  /** Custom endpoints of all sessions. */
  readonly shared: EndpointsInForce;
  /** Variables that turn FIPS or dual-stack on. */
  readonly switches: readonly string[];
  readonly endpointsOf: EndpointsOf;
  describe(session: SsoSession): SessionEndpoint[];
  /** A note if FIPS or dual-stack was set, and has no effect on a custom endpoint. */
  findNotes(session: SsoSession): Problem[];
}

type SwitchKey = 'use_fips_endpoint' | 'use_dualstack_endpoint';

interface Switch {
  readonly isOn: boolean;
  /** Where it was set, as a noun phrase. */
  readonly setBy: string;
}

const SWITCH_VARIABLES = {
  use_fips_endpoint: 'AWS_USE_FIPS_ENDPOINT',
  use_dualstack_endpoint: 'AWS_USE_DUALSTACK_ENDPOINT',
} as const;
const START_URL = 'its start URL';
const HOSTS = { ssoOidc: 'oidc', sso: 'portal.sso', sts: 'sts' } as const;
const NAMES = { ssoOidc: 'oidc', sso: 'portal', sts: 'sts' } as const;

/** @throws UsageError settings-invalid: as parseEndpoint, for an endpoint of any session */
export function createSessionEndpoints(deps: {
  readonly settings: Pick<Settings, 'endpoints' | 'file'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): SessionEndpoints {
  const ownEndpoints = readOwnEndpoints(deps.settings);
  const shared = resolveEndpoints(deps.settings, deps.environment);

  /**
   * What is set for the session alone comes first. A dual-stack portal needs its endpoints, so a general setting, which
   * is for the other sessions, does not turn them off.
   */
  function findSwitch(session: SsoSession, key: SwitchKey): Switch | undefined {
    const { sessionName } = session;
    const setting = settingsOfSession(deps.settings, sessionName)[key];
    if (setting !== undefined) return { isOn: setting, setBy: `${key} of ${tableName(sessionName)} in the settings` };
    const { isOn, section } = session[key === 'use_fips_endpoint' ? 'useFips' : 'useDualstack'] ?? {};
    if (isOn !== undefined && section === 'sso-session') {
      return { isOn, setBy: `${key} of [sso-session ${sessionName}]` };
    }
    if (key === 'use_dualstack_endpoint' && isDualstackPortal(session.startUrl)) {
      return { isOn: true, setBy: START_URL };
    }
    const variable = SWITCH_VARIABLES[key];
    const value = parseSwitch(deps.environment[variable]);
    if (value !== undefined) return { isOn: value, setBy: `${variable} when the daemon started` };
    return isOn === undefined ? undefined : { isOn, setBy: `${key} of [default] in the AWS config file` };
  }

  // Asked several times for each request; nothing that decides changes while the daemon runs.
  const endpointsOf = oncePerObject((session: SsoSession): Endpoints => ({
    ...toEndpoints(shared),
    ...ownEndpoints.get(session.sessionName),
    ...(findSwitch(session, 'use_fips_endpoint')?.isOn === true ? { useFips: true } : {}),
    ...(findSwitch(session, 'use_dualstack_endpoint')?.isOn === true ? { useDualstack: true } : {}),
  }));

  function findSetters(session: SsoSession): string[] {
    return (['use_fips_endpoint', 'use_dualstack_endpoint'] as const)
      .map((key) => findSwitch(session, key))
      .flatMap((found) => (found?.isOn === true ? [found.setBy] : []));
  }

  return {
    shared,
    switches: Object.values(SWITCH_VARIABLES).filter((name) => parseSwitch(deps.environment[name]) === true),
    endpointsOf,
    describe(session) {
      const endpoints = endpointsOf(session);
      const own = ownEndpoints.get(session.sessionName);
      const setBy = findSetters(session).join(' and ');
      const kind = kindOf(endpoints);
      return SERVICES.flatMap((service): SessionEndpoint[] => {
        const url = own?.[service];
        if (url !== undefined) {
          const table = tableName(session.sessionName, 'endpoints');
          return [{ service: NAMES[service], url, kind: 'custom', setBy: `${table} in the settings` }];
        }
        const host = findServiceHost(HOSTS[service], session.region, endpoints);
        const isDefault = host === findServiceHost(HOSTS[service], session.region);
        if (endpoints[service] !== undefined || host === undefined || isDefault || kind === undefined) return [];
        return [{ service: NAMES[service], url: `https://${host}/`, kind, setBy }];
      });
    },
    findNotes(session) {
      const setters = findSetters(session).filter((setBy) => setBy !== START_URL);
      const endpoints = endpointsOf(session);
      const custom = [...new Set(SERVICES.flatMap((service) => endpoints[service] ?? []))];
      if (setters.length === 0 || custom.length === 0) return [];
      return [
        {
          code: 'settings-without-effect',
          message: `${setters.join(' and ')}: no effect on ${custom.join(' and ')}, which ${session.sessionName} uses instead of AWS's endpoints.`,
          hint: 'rolecall doctor',
          session: session.sessionName,
        },
      ];
    },
  };
}

function readOwnEndpoints({ file }: Pick<Settings, 'file'>): ReadonlyMap<string, Endpoints> {
  return new Map(
    Object.entries(file.session ?? {}).flatMap(([sessionName, { endpoints }]) => {
      const found = SERVICES.flatMap((service) => {
        const key = ENDPOINT_KEYS[service];
        const url = endpoints?.[key];
        if (url !== undefined) parseEndpoint(url, `session.${sessionName}.endpoints.${key}`);
        return url === undefined ? [] : [[service, url] as const];
      });
      return found.length === 0 ? [] : [[sessionName, Object.fromEntries(found)] as const];
    }),
  );
}

/** The heading of a session's table in config.toml. */
function tableName(sessionName: string, table?: string): string {
  const name = /^[A-Za-z0-9_-]+$/.test(sessionName) ? sessionName : JSON.stringify(sessionName);
  return table === undefined ? `[session.${name}]` : `[session.${name}.${table}]`;
}

/** As botocore reads it, except that other words than true and false are not set. */
function parseSwitch(text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase();
  return word === 'true' || word === 'false' ? word === 'true' : undefined;
}

function kindOf({ useFips = false, useDualstack = false }: Endpoints): SessionEndpoint['kind'] | undefined {
  if (useFips) return useDualstack ? 'fips-dualstack' : 'fips';
  return useDualstack ? 'dualstack' : undefined;
}
