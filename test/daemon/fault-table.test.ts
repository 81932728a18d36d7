// Every upstream fault x every state of a role x every surface: class, exit code, words, upstream calls and sign-ins, from a few rules.
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../src/emulator/control/faults.ts';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
import { createRecordingDesktop, type RecordingDesktop } from '../helpers/recording-desktop.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const CLI = ['credential-process', '--session', SESSION, '--account', ROLE.accountId, '--role', ROLE.permissionSet];
const MINUTE_MS = 60_000;

/** How long the keys still are good for when the fault strikes; nothing of the role is known when cold. */
const STATES = { cold: undefined, warm: 55, 'near expiry': 10, expired: -5 } as const;
type State = keyof typeof STATES;

/** What a fault means for a caller who has no keys that count. */
interface Outcome {
  readonly exitCode: number;
  readonly httpStatus: number;
  readonly code: string;
  readonly says: RegExp;
}
const UNREACHABLE: Outcome = {
  exitCode: 7,
  httpStatus: 503,
  code: 'identity-center-unreachable',
  says: /can't be reached/,
};
const THROTTLED: Outcome = {
  exitCode: 7,
  httpStatus: 503,
  code: 'identity-center-throttled',
  says: /is throttling requests/,
};
const UNUSABLE: Outcome = { exitCode: 1, httpStatus: 502, code: 'unusable-response', says: /sent an unusable answer/ };
const OVER: Outcome = { exitCode: 4, httpStatus: 401, code: 'sign-in-expired', says: /has ended/ };
const REFUSED: Outcome = {
  exitCode: 5,
  httpStatus: 403,
  code: 'permission-set-not-assigned',
  says: /is not assigned to you/,
};

interface Row {
  readonly fault: string;
  strike(rig: Rig): void;
  /** Undefined: it is mended by itself, and every caller gets keys. */
  readonly outcome: Outcome | undefined;
  /** AWS's word is final: valid keys are not served against it. */
  readonly isFinal?: boolean;
  /**
   * Of GetRoleCredentials, when the keys do not count: `again`: the first caller tries as often as it may; `once`: for all
   * callers together; `each`: for each caller of its own, or so many in all.
   */
  readonly calls: 'again' | 'once' | 'each' | Readonly<Record<Exclude<State, 'warm'>, number>>;
}

/** Attempts per caller. */
const TRIES = 3;

const onCredentials = (effect: FaultEffect) => (rig: Rig) =>
  rig.emulator.addFault({ operation: 'GetRoleCredentials', ...effect });

const ROWS: readonly Row[] = [
  { fault: '500', strike: onCredentials({ kind: 'status', status: 500 }), outcome: UNREACHABLE, calls: 'again' },
  { fault: '503', strike: onCredentials({ kind: 'status', status: 503 }), outcome: UNREACHABLE, calls: 'again' },
  { fault: 'a dropped connection', strike: onCredentials({ kind: 'drop' }), outcome: UNREACHABLE, calls: 'again' },
  { fault: 'a lost answer', strike: onCredentials({ kind: 'lose-answer' }), outcome: UNREACHABLE, calls: 'again' },
  {
    fault: '429 that lasts',
    strike: onCredentials({ kind: 'throttle', retryAfterSeconds: 60 }),
    outcome: THROTTLED,
    calls: 'once',
  },
  { fault: 'HTML', strike: onCredentials({ kind: 'html' }), outcome: UNUSABLE, calls: 'each' },
  { fault: 'half an answer', strike: onCredentials({ kind: 'truncate' }), outcome: UNUSABLE, calls: 'each' },
  {
    fault: 'an answer without keys',
    strike: onCredentials({ kind: 'omit', fields: ['roleCredentials'] }),
    outcome: UNUSABLE,
    calls: 'each',
  },
  {
    fault: 'a request that AWS calls invalid',
    strike: onCredentials({ kind: 'exception', exception: 'InvalidRequestException' }),
    outcome: UNUSABLE,
    calls: 'each',
  },
  {
    fault: 'a role that AWS does not find',
    strike: onCredentials({ kind: 'exception', exception: 'ResourceNotFoundException' }),
    outcome: REFUSED,
    isFinal: true,
    calls: 'each',
  },
  {
    fault: 'an answer that is late',
    strike: onCredentials({ kind: 'delay', delayMs: 3000 }),
    outcome: undefined,
    calls: 'once',
  },
  {
    fault: '401, and a refresh that works',
    strike: (rig) => void rig.emulator.expireAccessTokens(),
    outcome: undefined,
    // With the old access token, and with the new one; a token that has expired by the clock is never sent.
    calls: { cold: 2, 'near expiry': 1, expired: 1 },
  },
  {
    fault: 'a session that was revoked',
    strike: (rig) => void rig.emulator.revokeSessions(),
    outcome: OVER,
    calls: { cold: 1, 'near expiry': 1, expired: 0 },
  },
  {
    fault: '403',
    strike: (rig) =>
      rig.emulator.directory.unassign({
        accountId: ROLE.accountId,
        permissionSet: ROLE.permissionSet,
        group: 'ProfessionalAfAdmins',
      }),
    outcome: REFUSED,
    isFinal: true,
    calls: 'each',
  },
];

let clock: FakeClock;
let rig: Rig;
let desktop: RecordingDesktop;
let grant: IssuedGrantDocument;
let currentGrant: IssuedGrantDocument;
beforeEach(async () => {
  clock = createFakeClock(Date.parse('2026-11-24T09:00:00Z'));
  // Somebody sits there, whom a browser could be shown.
  desktop = createRecordingDesktop({ isAttended: true });
  rig = await createRig({ clock, emulator: { clock }, desktop });
  expect(await onClock(rig.runCli(['login', '--no-wait']))).toMatchObject({ exitCode: 0 });
  await onClock(rig.client.call('accounts', { query: { refresh: true } }));
  await onClock(rig.client.call('setCurrent', { body: { ...ROLE, profile: null } }));
  grant = await onClock(rig.client.call('createGrant', { body: ROLE }));
  currentGrant = await onClock(rig.client.call('createGrant', { body: { current: true } }));
});
afterEach(async () => {
  await onClock(rig.remove());
});

/** Real sockets on a clock that is turned while they are waited for. */
async function onClock<T>(work: Promise<T>): Promise<T> {
  const settled = { yet: false };
  const finished = work.finally(() => {
    settled.yet = true;
  });
  finished.catch(() => undefined);
  while (!settled.yet) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await clock.advance(50);
  }
  return finished;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function get(options: object, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Brings the role into its state at the moment before the fault strikes. */
async function enter(state: State): Promise<void> {
  const minutesLeft = STATES[state];
  if (minutesLeft === undefined) return;
  expect(await onClock(rig.runCli(CLI))).toMatchObject({ exitCode: 0 });
  // The wall clock alone, as a laptop's sleep moves it: the engine has had no chance to renew ahead.
  clock.jump((60 - minutesLeft) * MINUTE_MS);
}

function getFromSocket(path: string): Promise<Answer> {
  // As the sh client asks.
  const headers = { host: 'localhost', accept: 'text/plain', prefer: 'wait=55' };
  return onClock(get({ socketPath: rig.paths.socketPath, path }, headers));
}

function getFromContainer({ url, token }: IssuedGrantDocument): Promise<Answer> {
  const { host, hostname, port, pathname } = new URL(url);
  return onClock(get({ host: hostname, port, path: pathname }, { authorization: token, host }));
}

describe.each(ROWS)('$fault', ({ strike, outcome, isFinal, calls }) => {
  test.each(Object.keys(STATES) as State[])('while the role is %s', async (state) => {
    await enter(state);
    strike(rig);
    rig.emulator.resetCalls();
    const hasKeys = state === 'warm' || state === 'near expiry';
    const isServed = outcome === undefined || state === 'warm' || (hasKeys && isFinal !== true);

    const countCalls = () => rig.emulator.countCalls('GetRoleCredentials');
    const bySocket = await getFromSocket(
      `/v1/credentials?session=${SESSION}&account=${ROLE.accountId}&role=${ROLE.permissionSet}`,
    );
    const firstCallers = countCalls();
    const ofCurrent = await getFromSocket('/v1/credentials/current');
    const byContainer = await getFromContainer(grant);
    const byContainerOfCurrent = await getFromContainer(currentGrant);
    const byCli = await onClock(rig.runCli(CLI));
    const callerCount = 5;

    if (isServed) {
      const answers = [bySocket, ofCurrent, byContainer, byContainerOfCurrent];
      expect([answers.map(({ status }) => status), byCli.exitCode]).toEqual([[200, 200, 200, 200], 0]);
      for (const { text } of answers) expect(JSON.parse(text)).toMatchObject({ AccountId: ROLE.accountId });
      expect(JSON.parse(bySocket.text)).toMatchObject({ Version: 1 });
      expect(JSON.parse(byCli.stdout)).toMatchObject({ Version: 1, AccountId: ROLE.accountId });
    } else {
      const { exitCode, httpStatus, code, says } = outcome;
      expect(bySocket.status).toBe(httpStatus);
      expect(bySocket.text).toMatch(says);
      expect(bySocket.text).toMatch(/^[^\n]+\. \[[a-z-]+\]\nRun: [^\n]+\n$/);
      expect(ofCurrent).toEqual(bySocket);
      expect(byCli).toEqual({ exitCode, stdout: '', stderr: `rolecall: ${bySocket.text}` });
      for (const { status, text } of [byContainer, byContainerOfCurrent]) {
        // The container surface may have given up on a slow upstream, which is transient too; it never waits for a person.
        expect(status).toBe(httpStatus);
        const body = JSON.parse(text) as { Code: string; Message: string };
        if (httpStatus !== 503) expect(body.Code).toBe(code);
        if (httpStatus !== 503) expect(body.Message).toMatch(says);
      }
    }
    // A warm role asks nobody, some callers are no storm, and nobody is signed in behind the person's back.
    if (state === 'warm') expect(countCalls()).toBe(0);
    else if (typeof calls === 'object') expect(countCalls()).toBe(calls[state]);
    // While keys are good a renewal that failed is not tried again by every caller.
    else if (isServed || calls === 'once') expect(countCalls()).toBe(1);
    else if (calls === 'each') expect([firstCallers, countCalls()]).toEqual([1, callerCount]);
    else expect(firstCallers).toBe(TRIES);
    expect(countCalls()).toBeLessThanOrEqual(9);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
    expect(desktop.openedPages).toEqual([]);
  });
});
