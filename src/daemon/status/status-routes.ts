// GET /v1/status and /v1/openapi.json: assembles the status document.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { chainNameOf, isChainName } from '../../core/aws/chain-role.ts';
import { roundClockSkewSeconds } from '../../core/aws/clock-skew.ts';
import type { Role } from '../../core/model.ts';
import type { Problem, Problems } from '../../core/problems.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { StatusDocument } from '../../local-api/schemas.ts';
import type { SecretStore } from '../../sso/ports.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { LastRefusals } from '../audit/credential-outcomes.ts';
import type { Handlers } from '../http/surface.ts';
import type { Lock } from '../lock/lock.ts';
import type { Log } from '../process/log.ts';
import type { Chains } from '../roles/chains.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { RoleList } from '../roles/role-list.ts';
import type { createUnmatchedRules } from '../roles/unmatched-rules.ts';
import { createLogNewWarnings } from '../settings/log-new-warnings.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import { readConfig, type ConfigReading } from './config-reading.ts';
import { readCurrent } from './current-status.ts';
import { describeSession, type SessionStatusDeps } from './session-status.ts';

export interface StatusDeps extends SessionStatusDeps {
  readonly version: string;
  readonly processId: number;
  readonly startedAtMs: number;
  readonly files: StatusDocument['files'];
  readonly endpoints: StatusDocument['endpoints'];
  readonly store: SecretStore;
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly chains: Pick<Chains, 'find' | 'problems' | 'refresh' | 'refusal'>;
  readonly currentRole: CurrentRole;
  readonly roleList: Pick<RoleList, 'chains' | 'describeChain' | 'isProtected' | 'profileOf'>;
  readonly problems: Problems;
  readonly lock: Pick<Lock, 'describe'>;
  readonly approvals: Pick<Approvals, 'list'>;
  readonly unmatchedRules: ReturnType<typeof createUnmatchedRules>;
  readonly clock: Clock;
  readonly log: Log;
  /** How far this machine's clock is ahead of AWS's. */
  readonly clockAheadMs: () => number;
}

/** `status` returns the document itself, because events and switch files use it too. */
export type StatusHandlers = Pick<Handlers, 'openapi'> & { readonly status: () => Promise<StatusDocument> };

export function createStatusHandlers(deps: StatusDeps): StatusHandlers {
  const logNewWarnings = createLogNewWarnings(deps.log);
  const descriptions = new Map<SurfaceName, Buffer>();
  return {
    // Kept as bytes, because building it blocks the daemon for 30 ms and more.
    openapi: async (_input, { surface }) => {
      const known = descriptions.get(surface);
      if (known !== undefined) return known;
      const { describeOpenApi } = await import('../http/openapi.ts');
      const description = Buffer.from(JSON.stringify(describeOpenApi(surface, deps.version)));
      descriptions.set(surface, description);
      return description;
    },
    async status() {
      const { reading, configProblems } = await readConfig(deps);
      const found = await Promise.all(reading.sessions.map((session) => describeSession(session, reading, deps)));
      const { current, currentProblems } = await readCurrent(reading, deps);
      const notes = reading.sessions.flatMap(deps.sessionEndpoints.findNotes);
      const waiting = deps.approvals.list().length;
      const clockAheadSeconds = roundClockSkewSeconds(deps.clockAheadMs());
      const ofSettings = [...(await findUnmatched(reading, deps)), ...(await findMissing(reading, deps))];
      if (reading.sessionSections !== undefined) logNewWarnings(ofSettings);
      return {
        version: deps.version,
        processId: deps.processId,
        pid: deps.processId,
        startedAt: formatUtcSeconds(deps.startedAtMs),
        ...(clockAheadSeconds === undefined ? {} : { clockAheadSeconds }),
        store: { driver: deps.store.driver, durable: deps.store.driver !== 'memory' },
        endpoints: deps.endpoints,
        files: deps.files,
        ...(deps.settings.teamSource === undefined ? {} : { team: { source: deps.settings.teamSource } }),
        sessions: found.map(({ document }) => document),
        current,
        lock: deps.lock.describe(),
        problems: withoutRepeats([
          ...configProblems,
          ...currentProblems,
          ...ofSettings,
          ...deps.problems.list(),
          ...found.flatMap(({ problems }) => problems.filter((problem) => problem !== undefined)),
        ]),
        ...(notes.length === 0 ? {} : { notes }),
        ...(waiting === 0 ? {} : { approvals: waiting }),
      };
    },
  };
}

/** Adds the last refused requests. Events leave them out: otherwise every refusal would send an event. */
export async function withLastRefusals(
  status: StatusDocument,
  { lastRefusals, sharedConfig }: { readonly lastRefusals: LastRefusals; readonly sharedConfig: SharedConfig },
): Promise<StatusDocument> {
  if (lastRefusals.isEmpty()) return status;
  // With an unreadable config file the refusals are shown without profile names.
  const profiles = await sharedConfig
    .read()
    .then((reading) => reading.profiles())
    .catch(() => undefined);
  return { ...status, lastRefusals: lastRefusals.list((role) => profiles?.profileOf(role) ?? profileOfChain(role)) };
}

/** A hand-written profile that is a chain gives it its name. */
function profileOfChain({ permissionSet }: Role): string | undefined {
  const name = chainNameOf(permissionSet);
  return name !== undefined && isChainName(name) ? name : undefined;
}

async function findUnmatched({ sessions }: ConfigReading, deps: StatusDeps): Promise<readonly Problem[]> {
  if (sessions.length === 0) return [];
  const catalogs = await Promise.all(sessions.map((session) => deps.broker.cachedCatalog(session)));
  return deps.unmatchedRules(catalogs, await deps.roleList.chains());
}

async function findMissing(reading: ConfigReading, { files, settings }: StatusDeps): Promise<readonly Problem[]> {
  const { sessionSections: sections } = reading;
  if (sections === undefined || settings.sessionLines.size === 0) return [];
  // Few files have such tables, and the first answer should not wait for more modules.
  const { findMissingSessions } = await import('../settings/missing-sessions.ts');
  return findMissingSessions(files.settings, settings, { path: files.config, sections });
}

/** Merges duplicates: several sessions may report the same locked keychain, or several callers the same outage. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, message, session }) => {
    const key = code.startsWith('identity-center-') ? `${code} ${session}` : `${code} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
