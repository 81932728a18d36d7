// GET /v1/reach: checks whether the daemon can reach AWS's endpoints, for `rolecall doctor`.
import type { Clock } from '../../core/clock.ts';
import type { EndpointsOf, SsoSession } from '../../core/model.ts';
import type { EndpointReach } from '../../identity-center/identity-center.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';

export function createReachHandlers(deps: {
  readonly sharedConfig: SharedConfig;
  readonly endpointsOf: EndpointsOf;
  readonly probe: (session: SsoSession) => Promise<readonly EndpointReach[]>;
  readonly clock: Clock;
  readonly droppedVariables: readonly string[];
}): Pick<Handlers, 'reach'> {
  return {
    async reach() {
      const { sessions } = await deps.sharedConfig.read();
      const groups = new Map<string, [SsoSession, ...SsoSession[]]>();
      for (const session of sessions) {
        const key = JSON.stringify([session.region, deps.endpointsOf(session)]);
        groups.set(key, [...(groups.get(key) ?? []), session] as [SsoSession, ...SsoSession[]]);
      }
      const found = await Promise.all(
        [...groups.values()].map(async (group) => {
          const [{ region }] = group;
          const endpoints = await deps.probe(group[0]);
          const nowMs = deps.clock.nowMs();
          return endpoints.map((endpoint) => ({
            service: endpoint.service,
            sessions: group.map(({ sessionName }) => sessionName),
            region,
            url: endpoint.url,
            proxy: endpoint.proxy === '' ? null : endpoint.proxy,
            state: endpoint.state,
            ...(endpoint.reason === undefined ? {} : { reason: endpoint.reason }),
            ...(endpoint.serverTimeMs === undefined
              ? {}
              : { clockAheadSeconds: Math.round((nowMs - endpoint.serverTimeMs) / 1000) }),
            durationMs: endpoint.durationMs,
          }));
        }),
      );
      return {
        nodeVersion: process.version,
        droppedVariables: [...deps.droppedVariables],
        endpoints: found.flat(),
      };
    },
  };
}
