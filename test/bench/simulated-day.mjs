// A working day of 40 roles in a second: outages, a laptop that sleeps, a session that ends; what callers got, and every call it cost.
import { setImmediate as nextTurn } from 'node:timers/promises';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Minutes after eight in the morning. */
const DAY = {
  roles: 40,
  sessionHours: 10,
  outages: [
    [114, 119],
    [230, 235],
    [505, 510],
  ],
  sleep: [300, 420],
  /** 25 minutes after the session has ended, the person signs in again. */
  signInsAt: [0, 625],
  workEndsAt: 720,
  dayEndsAt: 1440,
};

const SESSION = {
  sessionName: 'work',
  startUrl: 'https://demo.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: ['sso:account:access'],
};

/** A sequence between 0 and 1 that is the same for the same seed. */
export function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Wall-clock time that `pass` moves, waking each sleep at its moment, and that `jump` moves alone. */
export function createDayClock(startMs) {
  const sleeping = new Set();
  let elapsedMs = 0;
  let jumpedMs = 0;

  function findDue(untilMs) {
    let due;
    for (const entry of sleeping) {
      if (entry.dueMs <= untilMs && (due === undefined || entry.dueMs < due.dueMs)) due = entry;
    }
    return due;
  }

  return {
    nowMs: () => startMs + elapsedMs + jumpedMs,
    async sleep(durationMs, signal) {
      signal?.throwIfAborted();
      await new Promise((resolve) => {
        const end = () => {
          sleeping.delete(entry);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const entry = { dueMs: elapsedMs + Math.max(0, durationMs), end };
        sleeping.add(entry);
        signal?.addEventListener('abort', end);
      });
      signal?.throwIfAborted();
    },
    async pass(durationMs) {
      const untilMs = elapsedMs + durationMs;
      for (;;) {
        await nextTurn();
        const due = findDue(untilMs);
        if (due === undefined) break;
        elapsedMs = due.dueMs;
        due.end();
      }
      elapsedMs = untilMs;
    },
    jump(durationMs) {
      jumpedMs += durationMs;
    },
  };
}

/** An Identity Center of the day: tokens and keys of an hour, a session of ten, away during outages; counts its calls. */
function createDayCenter(parts, clock, minute, calls) {
  const sessions = [];
  let serial = 0;
  const issue = (session) => {
    serial += 1;
    return {
      accessToken: new parts.Secret(JSON.stringify([session, clock.nowMs() + HOUR_MS, serial])),
      refreshToken: new parts.Secret(JSON.stringify([session, serial])),
      expiresInSeconds: 3600,
    };
  };
  const isOver = (session) => clock.nowMs() >= sessions[session] + DAY.sessionHours * HOUR_MS;
  const isAway = () => DAY.outages.some(([from, until]) => minute() >= from && minute() < until);
  const fault = (kind) => new parts.IdentityCenterFault(kind, `the day says ${kind}`);

  async function answer(operation, work) {
    calls.push({ operation, minute: minute() });
    await clock.sleep(isAway() ? 3000 : 200);
    if (isAway()) throw fault('unreachable');
    return work();
  }

  return {
    isAway,
    hasSession: () => sessions.length > 0 && !isOver(sessions.length - 1),
    resolveStartUrl: async ({ startUrl }) => startUrl,
    registerClient: () =>
      answer('RegisterClient', () => ({
        clientId: 'client',
        clientSecret: new parts.Secret('secret'),
        expiresAtMs: clock.nowMs() + 90 * 24 * HOUR_MS,
      })),
    startDeviceAuthorization: () =>
      answer('StartDeviceAuthorization', () => ({
        deviceCode: new parts.Secret('code'),
        userCode: 'USER-CODE',
        verificationUri: SESSION.startUrl,
        verificationUriComplete: SESSION.startUrl,
        expiresInSeconds: 600,
        intervalSeconds: 1,
      })),
    createTokenByDeviceCode: () => answer('CreateToken (device code)', () => issue(sessions.push(clock.nowMs()) - 1)),
    createTokenByRefreshToken: (_session, _registration, refreshToken) =>
      answer('CreateToken (refresh)', () => {
        const [session] = JSON.parse(refreshToken.reveal());
        if (isOver(session)) throw fault('invalid-grant');
        return issue(session);
      }),
    getRoleCredentials: (_session, accessToken, { permissionSet }) =>
      answer('GetRoleCredentials', () => {
        const [session, expiresAtMs] = JSON.parse(accessToken.reveal());
        if (isOver(session) || expiresAtMs <= clock.nowMs()) throw fault('unauthorized');
        serial += 1;
        return {
          accessKeyId: `ASIA-${permissionSet}-${serial}`,
          secretAccessKey: new parts.Secret('key'),
          sessionToken: new parts.Secret('token'),
          expiresAtMs: clock.nowMs() + HOUR_MS,
        };
      }),
    listAccounts: () => answer('ListAccounts', () => ({ items: [] })),
    listAccountRoles: () => answer('ListAccountRoles', () => ({ items: [] })),
    logout: () => answer('Logout', () => undefined),
  };
}

/**
 * The calls of somebody who knows the day beforehand: each thing is renewed at 20 minutes left and no earlier, only if it
 * is asked for again, never during outage or sleep, and once for each sign-in.
 */
function idealCallsOf(things) {
  let calls = 0;
  for (const [index, signInAt] of DAY.signInsAt.entries()) {
    const until = Math.min(DAY.signInsAt[index + 1] ?? Infinity, signInAt + DAY.sessionHours * 60, DAY.workEndsAt);
    for (let at = signInAt; at < until;) {
      calls += 1;
      at += 40;
      for (const [from, to] of [...DAY.outages, DAY.sleep]) if (at >= from && at < to) at = to;
    }
  }
  return calls * things;
}

/**
 * One day with `parts` (those of src or of dist): `calls` beside the ideal, what callers got, and what is left at night.
 * Nothing is thrown for a bad day: the numbers tell.
 */
export async function simulateDay(parts, seed) {
  const random = createRandom(seed);
  const startMs = Date.UTC(2026, 10, 24, 8);
  const clock = createDayClock(startMs);
  const minute = () => (clock.nowMs() - startMs) / MINUTE_MS;
  const calls = [];
  const center = createDayCenter(parts, clock, minute, calls);
  const problems = parts.createProblems();
  const broker = parts.createBroker({
    identityCenter: center,
    secretStore: parts.createMemoryStore(),
    endpointsOf: () => ({}),
    catalogFiles: { load: async () => undefined, save: async () => undefined },
    clock,
    random,
    problems,
    onSignedIn: () => undefined,
  });
  const stop = new AbortController();
  const ticking = parts.runTicker({
    clock,
    log: () => undefined,
    signal: stop.signal,
    tasks: [{ name: 'refresh', run: () => broker.refreshAhead() }],
  });

  const seen = {
    asked: 0,
    answered: 0,
    expired: 0,
    /** Under 5 minutes left although a fresh one could have been had for a minute. */
    late: 0,
    leastMinutesLeft: Infinity,
    failedThoughWell: 0,
    slowerThanASecond: 0,
    mostProblems: 0,
  };
  let wellSinceMs = Infinity;
  const isWell = () => center.hasSession() && !center.isAway();
  const noteWellness = () => {
    if (!isWell()) wellSinceMs = Infinity;
    else if (wellSinceMs === Infinity) wellSinceMs = clock.nowMs();
    return clock.nowMs() - wellSinceMs >= MINUTE_MS;
  };

  async function ask(role) {
    seen.asked += 1;
    const askedAtMs = clock.nowMs();
    const hasLongBeenWell = noteWellness();
    try {
      const { expiresAtMs } = await broker.credentials(SESSION, role);
      const leftMs = expiresAtMs - clock.nowMs();
      seen.answered += 1;
      if (leftMs <= 0) seen.expired += 1;
      if (leftMs < 5 * MINUTE_MS && hasLongBeenWell) seen.late += 1;
      seen.leastMinutesLeft = Math.min(seen.leastMinutesLeft, leftMs / MINUTE_MS);
    } catch {
      if (hasLongBeenWell && isWell()) seen.failedThoughWell += 1;
    }
    if (clock.nowMs() - askedAtMs > 1000) seen.slowerThanASecond += 1;
    seen.mostProblems = Math.max(seen.mostProblems, new Set(problems.list().map(({ code }) => code)).size);
  }

  async function callAllDay(role) {
    await clock.sleep(MINUTE_MS * random());
    while (minute() < DAY.workEndsAt) {
      await ask(role);
      await clock.sleep(MINUTE_MS * (1 + 4 * random()));
    }
  }

  async function passUntil(atMinute) {
    while (minute() < atMinute) {
      await clock.pass(Math.min(10_000, (atMinute - minute()) * MINUTE_MS));
      noteWellness();
    }
  }

  const signIn = () => broker.startSignIn(SESSION, { force: true });
  const firstSignIn = signIn();
  await clock.pass(10_000);
  await firstSignIn;
  const callers = Array.from({ length: DAY.roles }, (_, index) =>
    callAllDay({ sessionName: SESSION.sessionName, accountId: '111111111111', permissionSet: `set-${index}` }),
  );
  await passUntil(DAY.sleep[0]);
  clock.jump((DAY.sleep[1] - DAY.sleep[0]) * MINUTE_MS);
  await passUntil(DAY.signInsAt[1]);
  const secondSignIn = signIn();
  await passUntil(DAY.workEndsAt + 6);
  await Promise.all([...callers, secondSignIn]);
  const rolesAtWorkEnd = broker.rolesInUse(SESSION).length;
  await passUntil(DAY.dayEndsAt);
  stop.abort();
  await ticking;

  const count = (operation) => calls.filter((call) => call.operation === operation).length;
  const end = broker.sessionEnd(SESSION, await broker.describe(SESSION));
  return {
    seed,
    table: [
      { operation: 'GetRoleCredentials', ideal: idealCallsOf(DAY.roles), made: count('GetRoleCredentials') },
      {
        operation: 'CreateToken (refresh)',
        ideal: idealCallsOf(1) - DAY.signInsAt.length,
        made: count('CreateToken (refresh)'),
      },
      {
        operation: 'sign-ins, three calls each at first',
        ideal: 5,
        made: calls.length - count('GetRoleCredentials') - count('CreateToken (refresh)'),
      },
    ],
    seen,
    rolesAtWorkEnd,
    rolesAtNight: broker.rolesInUse(SESSION).length,
    callsAtNight: calls.filter((call) => call.minute > DAY.workEndsAt + 120).length,
    learnedSessionHours: end && Math.round((end.atMs - startMs) / MINUTE_MS - DAY.signInsAt[1]) / 60,
  };
}

/** All calls, ideal and made. */
export function totalOf({ table }) {
  const sum = (key) => table.reduce((total, row) => total + row[key], 0);
  return { ideal: sum('ideal'), made: sum('made') };
}

/** The table of calls, and one line of what callers saw. */
export function formatDay(day) {
  const total = totalOf(day);
  const lines = [...day.table, { operation: 'all', ...total }].map(
    ({ operation, ideal, made }) =>
      `${operation.padEnd(36)} ${String(ideal).padStart(6)} ${String(made).padStart(6)} ${(made / ideal).toFixed(2).padStart(6)}\n`,
  );
  const { asked, answered, leastMinutesLeft, slowerThanASecond } = day.seen;
  return `A simulated day of ${DAY.roles} roles, seed ${day.seed}\n${'call'.padEnd(36)}  ideal   made  ratio\n${lines.join('')}${asked} asked, ${answered} answered, ${leastMinutesLeft.toFixed(1)} min left at least, ${slowerThanASecond} waited over a second\n`;
}
