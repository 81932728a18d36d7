// One circuit breaker per session and service: it opens in an outage or when the server asks for a pause, and a single probe closes it.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { isInPause, pauseAfter, type Pause } from './pauses.ts';
import { describeFault, describeStsFault, CircuitOpenError, isFault, isTransient } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import type { IdentityCenterFault } from '../ports.ts';

/** STS has an endpoint in each region. */
export type Service = 'oidc' | 'portal' | `sts.${string}`;

export interface UpstreamHealth {
  readonly service: Service;
  /** `open`: no calls are made. `half-open`: the outcome of the next call decides. */
  readonly circuit: 'closed' | 'open' | 'half-open';
  /** When the next call may be made; absent if it may be made now. */
  readonly nextTryAtMs?: number;
}

/** Why no calls are made to an upstream, or only one at first. */
export interface HeldCalls {
  /** `server-pause`: the server asked for it, by throttling or with Retry-After. */
  readonly reason: 'outage' | 'server-pause';
  readonly error: RolecallError;
  /** When the next call may be made; absent if it may be made now. */
  readonly untilMs?: number;
}

export interface CircuitBreakers {
  /**
   * The result of `work`; counts its faults.
   * @throws CircuitOpenError: no call was made, because of an outage or because the server asked for a pause
   */
  call<T>(session: SsoSession, service: Service, work: () => Promise<T>): Promise<T>;
  /** @throws CircuitOpenError: `call` would throw it now */
  check(session: SsoSession, service: Service): void;
  /** True after a 429 until a call succeeds. Urgent calls then use the rate budget too. */
  isThrottled(session: SsoSession, service: Service): boolean;
  /** The session's upstreams; of STS only the regions with a fault since the last answer. */
  describe(session: SsoSession): readonly UpstreamHealth[];
  /** Of the session's upstreams, those that are not called freely now. */
  heldCalls(session: SsoSession): readonly HeldCalls[];
  /** Allows one call at once because a person is waiting; its outcome decides about all others. */
  reconsider(session: SsoSession): void;
  /** Forgets outages of upstreams that have not been called for a while. */
  sweep(): void;
  forget(sessionName: string): void;
}

interface Health {
  readonly session: SsoSession;
  readonly service: Service;
  lastCallMs: number;
  /** Transient faults since the last answer. */
  faultsInARow: number;
  pausesInARow: number;
  pause: Pause | undefined;
  fault: IdentityCenterFault | undefined;
  /** Only one call is made first: after a long pause that the server asked for, or when a person is waiting. */
  needsProbe: boolean;
  isProbing: boolean;
}

/** More than one caller with three attempts produces. */
const OUTAGE_FAULTS = 5;
const OUTAGE_PAUSE = { firstPauseMs: 5000, maxPauseMs: 30_000 } as const;
const THROTTLE_PAUSE = { firstPauseMs: 1000, maxPauseMs: 30_000 } as const;
/** If the server asks for a longer pause, one call checks after this time whether it still applies. */
const MAX_PAUSE_MS = 5 * 60_000;
/** A shorter pause is over before anybody reads about it. */
const MIN_REPORTED_PAUSE_MS = 30_000;
/** When to try again while another call is probing. */
const PROBE_RETRY_MS = 1000;
const FORGET_MS = 10 * 60_000;
/** What every session needs. */
const SERVICES: readonly Service[] = ['oidc', 'portal'];

export function createCircuitBreakers(deps: {
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
  /** An upstream answers again, after faults. `wasPaused`: calls had been stopped meanwhile. */
  readonly onRecovered?: (session: SsoSession, service: Service, wasPaused: boolean) => void;
}): CircuitBreakers {
  const { clock, problems, random } = deps;
  /** Holds only upstreams with a fault since their last answer. */
  const healths = new Map<string, Health>();

  const keyOf = (session: SsoSession, service: Service) => `${sessionKey(session)}\0${service}`;
  const find = (session: SsoSession, service: Service) => healths.get(keyOf(session, service));

  function servicesOf(session: SsoSession): readonly Service[] {
    const faulty = [...healths.values()].filter((health) => sessionKey(health.session) === sessionKey(session));
    return [...new Set([...SERVICES, ...faulty.map(({ service }) => service)])];
  }

  function findOpenCircuit(session: SsoSession, service: Service): CircuitOpenError | undefined {
    const health = find(session, service);
    if (health?.fault === undefined) return undefined;
    const { fault, pause, isProbing } = health;
    const nowMs = clock.nowMs();
    const isPaused = isInPause(pause, nowMs);
    if (!isPaused && !isProbing) return undefined;
    const retryAfterMs = isPaused ? pause.untilMs - nowMs : PROBE_RETRY_MS;
    return new CircuitOpenError(fault.kind, fault.message, { cause: fault, retryAfterMs });
  }

  function check(session: SsoSession, service: Service): void {
    const open = findOpenCircuit(session, service);
    if (open !== undefined) throw open;
  }

  function countFault(session: SsoSession, service: Service, fault: IdentityCenterFault): void {
    const key = keyOf(session, service);
    const nowMs = clock.nowMs();
    const health = healths.get(key) ?? createHealth(session, service, nowMs);
    healths.set(key, health);
    health.lastCallMs = nowMs;
    const askedUntilMs = fault.retryAfterMs === undefined ? 0 : nowMs + Math.min(fault.retryAfterMs, MAX_PAUSE_MS);
    if (isInPause(health.pause, nowMs)) {
      // This call was already in flight when the pause began.
      if (askedUntilMs > health.pause.untilMs) {
        health.pause = { ...health.pause, untilMs: askedUntilMs };
        reportPause(health, nowMs);
      }
      return;
    }
    health.fault = fault;
    health.faultsInARow += 1;
    const policy = isFault(fault, 'throttled') ? THROTTLE_PAUSE : OUTAGE_PAUSE;
    if (policy === OUTAGE_PAUSE && !isOutage(health) && askedUntilMs === 0) return;
    health.pausesInARow += 1;
    const ownPauseMs =
      isOutage(health) || policy === THROTTLE_PAUSE ? pauseAfter(health.pausesInARow, policy, random) : 0;
    health.pause = { fromMs: nowMs, untilMs: Math.max(askedUntilMs, nowMs + ownPauseMs) };
    const { sessionName } = session;
    if (isOutage(health)) {
      problems.raise(problemKey(health), { ...describeOutage(fault, health).toBody(), session: sessionName });
    }
    if (askedUntilMs > 0) reportPause(health, nowMs);
  }

  /** A long pause requested by the server stops all new calls, so it is shown as a problem, with its end. */
  function reportPause(health: Health, nowMs: number): void {
    const { pause, fault, session } = health;
    if (pause === undefined || fault === undefined || pause.untilMs - nowMs <= MIN_REPORTED_PAUSE_MS) return;
    health.needsProbe = true;
    const { sessionName } = session;
    problems.raise(problemKey(health), {
      code: describeOutage(fault, health).code,
      message: `${nameUpstream(health)} asked for a pause: ${fault.message} rolecall makes no requests before ${formatUtcSeconds(pause.untilMs)}.`,
      hint: 'rolecall ls --refresh',
      session: sessionName,
    });
  }

  function remove(key: string, health: Health): void {
    healths.delete(key);
    problems.clear(problemKey(health));
  }

  /** `pause` is the one from before the call: the answer to an earlier call does not end a later pause. */
  function countAnswer(session: SsoSession, service: Service, pause: Pause | undefined): void {
    const key = keyOf(session, service);
    const health = healths.get(key);
    if (health === undefined || health.pause !== pause) return;
    remove(key, health);
    deps.onRecovered?.(session, service, health.pausesInARow > 0);
  }

  return {
    check,
    async call(session, service, work) {
      check(session, service);
      const health = find(session, service);
      const probed = health !== undefined && (isOutage(health) || health.needsProbe) ? health : undefined;
      if (probed !== undefined) probed.isProbing = true;
      try {
        const answer = await work();
        countAnswer(session, service, health?.pause);
        return answer;
      } catch (fault) {
        if (isTransient(fault) || (probed !== undefined && isFault(fault, 'unusable-response'))) {
          countFault(session, service, fault);
        } else if (!isFault(fault, 'unusable-response')) countAnswer(session, service, health?.pause);
        throw fault;
      } finally {
        if (probed !== undefined) probed.isProbing = false;
      }
    },
    isThrottled: (session, service) => isFault(find(session, service)?.fault, 'throttled'),
    describe(session) {
      const nowMs = clock.nowMs();
      return servicesOf(session).map((service) => {
        const health = find(session, service);
        const isPaused = isInPause(health?.pause, nowMs);
        const isOut = health !== undefined && isOutage(health);
        const openness = isPaused ? 'open' : 'half-open';
        return {
          service,
          circuit: isOut ? openness : 'closed',
          ...(isPaused && health?.pause ? { nextTryAtMs: health.pause.untilMs } : {}),
        };
      });
    },
    heldCalls(session) {
      const nowMs = clock.nowMs();
      return servicesOf(session).flatMap((service): HeldCalls[] => {
        const health = find(session, service);
        if (health?.fault === undefined) return [];
        const isPaused = isInPause(health.pause, nowMs);
        if (!isPaused && !isOutage(health)) return [];
        return [
          {
            reason: isOutage(health) ? 'outage' : 'server-pause',
            error: describeOutage(health.fault, health),
            ...(isPaused && health.pause ? { untilMs: health.pause.untilMs } : {}),
          },
        ];
      });
    },
    reconsider(session) {
      for (const health of healths.values()) {
        if (sessionKey(session) !== sessionKey(health.session)) continue;
        // An earlier probe may hang on a connection that did not survive the machine's sleep.
        health.isProbing = false;
        health.needsProbe ||= health.fault?.retryAfterMs !== undefined;
        health.pause = undefined;
      }
    },
    sweep() {
      const nowMs = clock.nowMs();
      for (const [key, health] of healths) {
        if (isInPause(health.pause, nowMs)) continue;
        if (nowMs - health.lastCallMs >= FORGET_MS) remove(key, health);
        // Without a pause a person is trying: the problem stays where it is in the list until there is an answer.
        else if (!isOutage(health) && health.pause !== undefined) problems.clear(problemKey(health));
      }
    },
    forget(sessionName) {
      for (const [key, health] of healths) if (health.session.sessionName === sessionName) remove(key, health);
    },
  };
}

function describeOutage(fault: IdentityCenterFault, { service, session }: Health): RolecallError {
  return service.startsWith('sts.') ? describeStsFault(fault) : describeFault(fault, session.sessionName);
}

function nameUpstream({ service, session }: Health): string {
  return service.startsWith('sts.') ? 'AWS STS' : `Identity Center of ${session.sessionName}`;
}

function createHealth(session: SsoSession, service: Service, nowMs: number): Health {
  return {
    session,
    service,
    lastCallMs: nowMs,
    faultsInARow: 0,
    pausesInARow: 0,
    pause: undefined,
    fault: undefined,
    needsProbe: false,
    isProbing: false,
  };
}

function isOutage({ fault, faultsInARow }: Health): boolean {
  return faultsInARow >= OUTAGE_FAULTS && !isFault(fault, 'throttled');
}

function problemKey({ service, session }: Health): string {
  return `${service} ${session.sessionName}`;
}
