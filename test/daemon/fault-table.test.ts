// Every upstream fault x every state of a role x every door: class, exit code, words, upstream calls and sign-ins, from a few rules.
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../src/emulator/faults.ts';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
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
  says: /asks for fewer calls/,
};
const UNUSABLE: Outcome = { exitCode: 1, httpStatus: 502, code: 'unusable-response', says: /that can't be used/ };
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
}

const onCredentials = (effect: FaultEffect) => (rig: Rig) =>
  rig.emulator.addFault({ operation: 'GetRoleCredentials', ...effect });

const ROWS: readonly Row[] = [
  { fault: '500', strike: onCredentials({ kind: 'status', status: 500 }), outcome: UNREACHABLE },
  { fault: '503', strike: onCredentials({ kind: 'status', status: 503 }), outcome: UNREACHABLE },
  { fault: 'a dropped connection', strike: onCredentials({ kind: 'drop' }), outcome: UNREACHABLE },
  { fault: '429 that lasts', strike: onCredentials({ kind: 'throttle', retryAfterSeconds: 60 }), outcome: THROTTLED },
  { fault: 'HTML', strike: onCredentials({ kind: 'html' }), outcome: UNUSABLE },
  { fault: 'half an answer', strike: onCredentials({ kind: 'truncate' }), outcome: UNUSABLE },
  {
    fault: 'an answer without keys',
    strike: onCredentials({ kind: 'omit', fields: ['roleCredentials'] }),
    outcome: UNUSABLE,
  },
  {
    fault: '401, and a refresh that works',
    strike: (rig) => void rig.emulator.expireAccessTokens(),
    outcome: undefined,
  },
  { fault: 'a session that was revoked', strike: (rig) => void rig.emulator.revokeSessions(), outcome: OVER },
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
  },
];

let clock: FakeClock;
let rig: Rig;
let grant: IssuedGrantDocument;
beforeEach(async () => {
  clock = createFakeClock(Date.parse('2026-11-24T09:00:00Z'));
  rig = await createRig({ clock, emulator: { clock } });
  expect(await onClock(rig.runCli(['login', '--no-wait']))).toMatchObject({ exitCode: 0 });
  await onClock(rig.client.call('accounts', { query: { refresh: true } }));
  grant = await onClock(rig.client.call('createGrant', { body: ROLE }));
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

describe.each(ROWS)('$fault', ({ strike, outcome, isFinal }) => {
  test.each(Object.keys(STATES) as State[])('while the role is %s', async (state) => {
    await enter(state);
    strike(rig);
    rig.emulator.resetCalls();
    const hasKeys = state === 'warm' || state === 'near expiry';
    const isServed = outcome === undefined || state === 'warm' || (hasKeys && isFinal !== true);

    const bySocket = await onClock(
      get(
        {
          socketPath: rig.paths.socketPath,
          path: `/v1/credentials?session=${SESSION}&account=${ROLE.accountId}&role=${ROLE.permissionSet}`,
        },
        { host: 'localhost', accept: 'text/plain' },
      ),
    );
    const { host, hostname, port, pathname } = new URL(grant.url);
    const byContainer = await onClock(
      get({ host: hostname, port, path: pathname }, { authorization: grant.token, host }),
    );
    const byCli = await onClock(rig.runCli(CLI));

    if (isServed) {
      expect([bySocket.status, byContainer.status, byCli.exitCode]).toEqual([200, 200, 0]);
      expect(JSON.parse(bySocket.text)).toMatchObject({ Version: 1, AccountId: ROLE.accountId });
      expect(JSON.parse(byContainer.text)).toMatchObject({ AccountId: ROLE.accountId });
    } else {
      const { exitCode, httpStatus, code, says } = outcome;
      expect(bySocket.status).toBe(httpStatus);
      expect(bySocket.text).toMatch(/^[^\n]+\.\nRun: [^\n]+\n$/);
      expect(byCli).toEqual({ exitCode, stdout: '', stderr: `rolecall: ${bySocket.text}` });
      // The door may have given up on a slow upstream, which is as transient; it never waits for a person.
      expect(byContainer.status).toBe(httpStatus);
      const body = JSON.parse(byContainer.text) as { Code: string; Message: string };
      if (httpStatus !== 503) expect(body.Code).toBe(code);
      if (httpStatus !== 503) expect(body.Message).toMatch(says);
      expect(bySocket.text).toMatch(says);
    }
    // A warm role asks nobody, three callers are no storm, and nobody is signed in behind the person's back.
    if (state === 'warm') expect(rig.emulator.countCalls('GetRoleCredentials')).toBe(0);
    expect(rig.emulator.countCalls('GetRoleCredentials')).toBeLessThanOrEqual(9);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
  });
});
