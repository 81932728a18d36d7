// Settings of the emulator that can be changed while it runs.
import { readFields } from '../http/json-fields.ts';

export interface Knobs {
  /** Approves every sign-in immediately: as this user, or as the first in the directory when true. */
  readonly autoApprove: boolean | string;
  readonly pollIntervalSeconds: number;
  /** How many early polls of a code are tolerated before `slow_down`; 0 is strict. */
  readonly forgivenEarlyPolls: number;
  readonly deviceCodeLifetimeSeconds: number;
  /** False: verificationUriComplete carries an opaque request instead of the user code (as AWS may, since 2026-09). */
  readonly completeUriHasUserCode: boolean;
  readonly authorizationCodeLifetimeSeconds: number;
  readonly accessTokenLifetimeSeconds: number;
  /** How long refresh tokens work after a sign-in. */
  readonly sessionLifetimeSeconds: number;
  readonly registrationLifetimeSeconds: number;
  /** Null means the permission set's session duration. Keys from AssumeRole don't last longer either. */
  readonly roleCredentialsLifetimeSeconds: number | null;
  /** The maximum page size, whatever the caller asks for. */
  readonly pageSize: number;
  /** The value of `nextToken` on the last page. */
  readonly lastPageToken: 'null' | 'empty' | 'absent';
  /** The portal's rate limit per second; null is off. AWS reportedly allows 20. */
  readonly portalCallsPerSecond: number | null;
}

export const DEFAULT_KNOBS: Readonly<Knobs> = {
  autoApprove: false,
  pollIntervalSeconds: 1,
  // The AWS CLI polls twice when it starts, and AWS tolerates that and one-second gaps (seen in its logs).
  forgivenEarlyPolls: 1,
  deviceCodeLifetimeSeconds: 600,
  completeUriHasUserCode: true,
  authorizationCodeLifetimeSeconds: 60,
  accessTokenLifetimeSeconds: 3600,
  sessionLifetimeSeconds: 8 * 3600,
  registrationLifetimeSeconds: 90 * 24 * 3600,
  roleCredentialsLifetimeSeconds: null,
  pageSize: 100,
  lastPageToken: 'null',
  portalCallsPerSecond: null,
};

export interface KnobStore {
  readonly current: Knobs;
  /** @throws UsageError invalid-request: an unknown knob or an invalid value; nothing is changed then */
  turn(changes: Partial<Knobs>): void;
}

/** Knobs with their default values. */
export function createKnobStore(): KnobStore {
  let current = DEFAULT_KNOBS;
  return {
    get current() {
      return current;
    },
    turn(changes) {
      current = { ...current, ...parseKnobs(changes) };
    },
  };
}

/**
 * Parses changes of knobs.
 * @throws UsageError invalid-request: as KnobStore.turn
 */
export function parseKnobs(value: unknown): Partial<Knobs> {
  const fields = readFields(value, Object.keys(DEFAULT_KNOBS));
  for (const [name, isRight, expected] of KNOB_RULES) {
    if (fields.has(name) && !isRight(fields.raw(name))) throw fields.wrong(name, `must be ${expected}`);
  }
  return value as Partial<Knobs>;
}

type KnobRule = readonly [name: keyof Knobs, isRight: (value: unknown) => boolean, expected: string];

const isWhole = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isCount = (value: unknown) => isWhole(value) && value !== 0;
/** Fractions are allowed, so that tests can poll faster than once a second. */
const isDuration = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isBoolean = (value: unknown) => typeof value === 'boolean';
const SECONDS = 'a whole number of seconds';

const KNOB_RULES: readonly KnobRule[] = [
  [
    'autoApprove',
    (value) => isBoolean(value) || (typeof value === 'string' && value !== ''),
    'true, false or a user name',
  ],
  ['pollIntervalSeconds', isDuration, 'a number of seconds'],
  ['forgivenEarlyPolls', isWhole, 'a whole number'],
  ['deviceCodeLifetimeSeconds', isWhole, SECONDS],
  ['completeUriHasUserCode', isBoolean, 'true or false'],
  ['authorizationCodeLifetimeSeconds', isWhole, SECONDS],
  ['accessTokenLifetimeSeconds', isWhole, SECONDS],
  ['sessionLifetimeSeconds', isWhole, SECONDS],
  ['registrationLifetimeSeconds', isWhole, SECONDS],
  ['roleCredentialsLifetimeSeconds', (value) => value === null || isWhole(value), `${SECONDS}, or null`],
  ['pageSize', (value) => isCount(value) && Number(value) <= 100, 'a whole number from 1 to 100'],
  ['lastPageToken', (value) => value === 'null' || value === 'empty' || value === 'absent', 'null, empty or absent'],
  ['portalCallsPerSecond', (value) => value === null || isCount(value), 'a whole number above 0, or null'],
];
