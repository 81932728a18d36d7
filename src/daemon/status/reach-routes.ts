// GET /v1/reach: checks whether the daemon can reach AWS's endpoints, for `rolecall doctor`.
import type { Clock } from '../../core/clock.ts';
import type { EndpointReach } from '../../identity-center/identity-center.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';

export function createReachHandlers(deps: {
  readonly sharedConfig: SharedConfig;
  readonly probe: (region: string) => Promise<readonly EndpointReach[]>;
  readonly clock: Clock;
  readonly droppedVariables: readonly string[];
}): Pick<Handlers, 'reach'> {
  return {
    async reach() {
      const { sessions } = await deps.sharedConfig.read();
      const regions = new Map<string, string[]>();
      for (const { region, sessionName } of sessions) {
        regions.set(region, [...(regions.get(region) ?? []), sessionName]);
      }
      const found = await Promise.all(
        [...regions].map(async ([region, sessionNames]) => {
          const endpoints = await deps.probe(region);
          const nowMs = deps.clock.nowMs();
          return endpoints.map((endpoint) => ({
            service: endpoint.service,
            sessions: sessionNames,
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
