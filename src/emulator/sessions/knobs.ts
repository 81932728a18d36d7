// The settings of the emulator that can be turned while it runs.
import { readFields } from '../http/json-fields.ts';

export interface Knobs {
  /** Every device authorization is approved at once: by this user, or by the first of the directory when true. */
  readonly autoApprove: boolean | string;
  readonly pollIntervalSeconds: number;
  /** Polls of one code that may come too early before `slow_down` is said; 0 is strict. */
  readonly forgivenEarlyPolls: number;
  readonly deviceCodeLifetimeSeconds: number;
  /** False: verificationUriComplete carries an opaque request instead of the user code (as AWS may, since 2026-09). */
  readonly completeUriHasUserCode: boolean;
  readonly accessTokenLifetimeSeconds: number;
  /** From sign-in until no refresh token helps any more. */
  readonly sessionLifetimeSeconds: number;
  readonly registrationLifetimeSeconds: number;
  /** Null: the permission set's own session duration. */
  readonly roleCredentialsLifetimeSeconds: number | null;
  /** The most entries of one page, however many the caller asks for. */
  readonly pageSize: number;
  /** What stands in for `nextToken` on the last page. */
  readonly lastPageToken: 'null' | 'empty' | 'absent';
  /** The portal's throttle; null is off. AWS is said to allow 20. */
  readonly portalCallsPerSecond: number | null;
}

export const DEFAULT_KNOBS: Readonly<Knobs> = {
  autoApprove: false,
  pollIntervalSeconds: 1,
  // The AWS CLI polls twice at once when it begins, and AWS goes on with it at one-second gaps (seen in its logs).
  forgivenEarlyPolls: 1,
  deviceCodeLifetimeSeconds: 600,
  completeUriHasUserCode: true,
  accessTokenLifetimeSeconds: 3600,
  sessionLifetimeSeconds: 8 * 3600,
  registrationLifetimeSeconds: 90 * 24 * 3600,
  roleCredentialsLifetimeSeconds: null,
  pageSize: 100,
  lastPageToken: 'null',
  portalCallsPerSecond: null,
};

export interface KnobBoard {
  readonly current: Knobs;
  /** @throws UsageError invalid-request: a name that is no knob, or a value that does not fit; then nothing has changed */
  turn(changes: Partial<Knobs>): void;
}

/** Knobs at their defaults. */
export function createKnobBoard(): KnobBoard {
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
 * The knobs that `value` turns.
 * @throws UsageError invalid-request: as KnobBoard.turn
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
  ['accessTokenLifetimeSeconds', isWhole, SECONDS],
  ['sessionLifetimeSeconds', isWhole, SECONDS],
  ['registrationLifetimeSeconds', isWhole, SECONDS],
  ['roleCredentialsLifetimeSeconds', (value) => value === null || isWhole(value), `${SECONDS}, or null`],
  ['pageSize', (value) => isCount(value) && Number(value) <= 100, 'a whole number from 1 to 100'],
  ['lastPageToken', (value) => value === 'null' || value === 'empty' || value === 'absent', 'null, empty or absent'],
  ['portalCallsPerSecond', (value) => value === null || isCount(value), 'a whole number above 0, or null'],
];
