// The health of each upstream of a session: pauses that a server asked for are kept for minutes, an outage opens a circuit, one probe closes it.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { isHolding, pauseAfter, type Hold } from './back-off.ts';
import { describeFault, CircuitOpenError, isFault, isTransient } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import type { IdentityCenterFault } from '../ports.ts';

export type Service = 'oidc' | 'portal';

export interface UpstreamHealth {
  readonly service: Service;
  /** `open`: no call goes out; `half-open`: one does, and what becomes of it decides. */
  readonly circuit: 'closed' | 'open' | 'half-open';
  /** When the next call may go out; absent when it may now. */
  readonly nextTryAtMs?: number;
}

export interface CircuitBreakers {
  /**
   * What `work` answers, its faults counted.
   * @throws CircuitOpenError: no call was made, because of an outage or because the server asked for a pause
   */
  call<T>(session: SsoSession, service: Service, work: () => Promise<T>): Promise<T>;
  /** @throws CircuitOpenError: when `call` would throw it now */
  check(session: SsoSession, service: Service): void;
  /** True after a 429 until a call works again: calls that could not wait do wait now. */
  isThrottled(session: SsoSession, service: Service): boolean;
  describe(session: SsoSession): readonly UpstreamHealth[];
  /** One call may go out at once, for a person is waiting; its outcome decides about all others. */
  reconsider(session: SsoSession): void;
  /** Ends what is known of outages that nobody has called into for a while. */
  sweep(): void;
  forget(sessionName: string): void;
}

interface Health {
  readonly session: SsoSession;
  readonly service: Service;
  lastCallMs: number;
  /** Transient ones since the last answer. */
  faultsInARow: number;
  holdsInARow: number;
  hold: Hold | undefined;
  fault: IdentityCenterFault | undefined;
  /** After a long pause that the server asked for, or when a person wants to know: one call goes out first. */
  needsProbe: boolean;
  isProbing: boolean;
}

/** Two callers with three tries each, or five of anything: more than a hiccup. */
const OUTAGE_FAULTS = 5;
const OUTAGE_PAUSE = { firstPauseMs: 5000, maxPauseMs: 30_000 } as const;
const THROTTLE_PAUSE = { firstPauseMs: 1000, maxPauseMs: 30_000 } as const;
/** A server may ask for longer; whether it still wants to is asked this often. */
const MAX_HOLD_MS = 5 * 60_000;
/** A shorter pause is over before anybody has read of it. */
const MIN_TOLD_HOLD_MS = 30_000;
/** How soon to look again while somebody else's probe is under way. */
const PROBE_MS = 1000;
const FORGET_MS = 10 * 60_000;
const SERVICES: readonly Service[] = ['oidc', 'portal'];

export function createCircuitBreakers(deps: {
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
}): CircuitBreakers {
  const { clock, problems, random } = deps;
  /** Only of upstreams that had a fault since their last answer. */
  const healths = new Map<string, Health>();

  const keyOf = (session: SsoSession, service: Service) => `${sessionKey(session)}\0${service}`;
  const find = (session: SsoSession, service: Service) => healths.get(keyOf(session, service));

  function findHold(session: SsoSession, service: Service): CircuitOpenError | undefined {
    const health = find(session, service);
    if (health?.fault === undefined) return undefined;
    const { fault, hold, isProbing } = health;
    const nowMs = clock.nowMs();
    const isHeld = isHolding(hold, nowMs);
    if (!isHeld && !isProbing) return undefined;
    const retryAfterMs = isHeld ? hold.untilMs - nowMs : PROBE_MS;
    return new CircuitOpenError(fault.kind, fault.message, { cause: fault, retryAfterMs });
  }

  function check(session: SsoSession, service: Service): void {
    const held = findHold(session, service);
    if (held !== undefined) throw held;
  }

  function countFault(session: SsoSession, service: Service, fault: IdentityCenterFault): void {
    const key = keyOf(session, service);
    const health = healths.get(key) ?? createHealth(session, service);
    healths.set(key, health);
    const nowMs = clock.nowMs();
    health.lastCallMs = nowMs;
    const named = fault.retryAfterMs === undefined ? 0 : nowMs + Math.min(fault.retryAfterMs, MAX_HOLD_MS);
    if (isHolding(health.hold, nowMs)) {
      // The echo of a call that was under way when the hold began.
      if (named > health.hold.untilMs) {
        health.hold = { ...health.hold, untilMs: named };
        describeHold(health, nowMs);
      }
      return;
    }
    health.fault = fault;
    health.faultsInARow += 1;
    const policy = isFault(fault, 'throttled') ? THROTTLE_PAUSE : OUTAGE_PAUSE;
    if (policy === OUTAGE_PAUSE && !isOutage(health) && named === 0) return;
    health.holdsInARow += 1;
    const ownPauseMs =
      isOutage(health) || policy === THROTTLE_PAUSE ? pauseAfter(health.holdsInARow, policy, random) : 0;
    health.hold = { fromMs: nowMs, untilMs: Math.max(named, nowMs + ownPauseMs) };
    const { sessionName } = session;
    if (isOutage(health)) {
      problems.raise(problemKey(health), { ...describeFault(fault, sessionName).toBody(), session: sessionName });
    }
    if (named > 0) describeHold(health, nowMs);
  }

  /** A long pause that the server asked for stops everything new, so it is a problem with its end. */
  function describeHold(health: Health, nowMs: number): void {
    const { hold, fault, session } = health;
    if (hold === undefined || fault === undefined || hold.untilMs - nowMs <= MIN_TOLD_HOLD_MS) return;
    health.needsProbe = true;
    const { sessionName } = session;
    problems.raise(problemKey(health), {
      code: describeFault(fault, sessionName).code,
      message: `Identity Center of ${sessionName} asked for a pause: ${fault.message} No call goes out before ${formatUtcSeconds(hold.untilMs)}.`,
      hint: 'rolecall ls --refresh',
      session: sessionName,
    });
  }

  function remove(key: string, health: Health): void {
    healths.delete(key);
    problems.clear(problemKey(health));
  }

  /** `hold` is the one that was over when the call began: an answer to an earlier call says nothing about a later hold. */
  function countAnswer(session: SsoSession, service: Service, hold: Hold | undefined): void {
    const key = keyOf(session, service);
    const health = healths.get(key);
    if (health !== undefined && health.hold === hold) remove(key, health);
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
        countAnswer(session, service, health?.hold);
        return answer;
      } catch (fault) {
        if (isTransient(fault) || (probed !== undefined && isFault(fault, 'unusable-response'))) {
          countFault(session, service, fault);
        } else if (!isFault(fault, 'unusable-response')) countAnswer(session, service, health?.hold);
        throw fault;
      } finally {
        if (probed !== undefined) probed.isProbing = false;
      }
    },
    isThrottled: (session, service) => isFault(find(session, service)?.fault, 'throttled'),
    describe(session) {
      const nowMs = clock.nowMs();
      return SERVICES.map((service) => {
        const health = find(session, service);
        const isHeld = isHolding(health?.hold, nowMs);
        const isOut = health !== undefined && isOutage(health);
        const openness = isHeld ? 'open' : 'half-open';
        return {
          service,
          circuit: isOut ? openness : 'closed',
          ...(isHeld && health?.hold ? { nextTryAtMs: health.hold.untilMs } : {}),
        };
      });
    },
    reconsider(session) {
      for (const health of healths.values()) {
        if (sessionKey(session) !== sessionKey(health.session)) continue;
        // A probe from before may hang on a connection that sleep has killed.
        health.isProbing = false;
        health.needsProbe ||= health.fault?.retryAfterMs !== undefined;
        health.hold = undefined;
      }
    },
    sweep() {
      const nowMs = clock.nowMs();
      for (const [key, health] of healths) {
        if (isHolding(health.hold, nowMs)) continue;
        if (nowMs - health.lastCallMs >= FORGET_MS) remove(key, health);
        else if (!isOutage(health)) problems.clear(problemKey(health));
      }
    },
    forget(sessionName) {
      for (const [key, health] of healths) if (health.session.sessionName === sessionName) remove(key, health);
    },
  };

  function createHealth(session: SsoSession, service: Service): Health {
    return {
      session,
      service,
      lastCallMs: clock.nowMs(),
      faultsInARow: 0,
      holdsInARow: 0,
      hold: undefined,
      fault: undefined,
      needsProbe: false,
      isProbing: false,
    };
  }
}

function isOutage({ fault, faultsInARow }: Health): boolean {
  return faultsInARow >= OUTAGE_FAULTS && !isFault(fault, 'throttled');
}

function problemKey({ service, session }: Health): string {
  return `${service} ${session.sessionName}`;
}
