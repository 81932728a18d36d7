// Thousands of accounts: how long it takes to list them, and what knowing them costs each credential.
import { setTimeout as sleep } from 'node:timers/promises';
import { PORTAL_CALLS_PER_SECOND } from '../../../dist/sso/broker.js';
import { interleave, percentile } from '../measure.mjs';
import { startWorld } from '../world.mjs';

/** AWS allows a user 20 calls a second. At ten times that the real parts still have time to spare. */
const ALLOWED_CALLS_PER_SECOND = 20;
const SCALE = 10;
const ACCOUNTS_A_PAGE = 100;

const MANY = { accountCount: 5000, permissionSetCount: 2 };
const FEW = { accountCount: 5, permissionSetCount: 2 };
const WARM_ROLES = 100;

const ROUNDS = 100;
const REQUESTS = 100;

export async function measureScale(scene) {
  const many = await startWorld(scene, { ...MANY, callsPerSecond: PORTAL_CALLS_PER_SECOND * SCALE });
  // The daemon reads the config file, which has all the profiles now, for its first status after a sync.
  const startedAtMs = performance.now();
  await many.client.get('/v1/status');
  const firstStatusMs = performance.now() - startedAtMs;
  const few = await startWorld(scene, { ...FEW, callsPerSecond: PORTAL_CALLS_PER_SECOND * SCALE });
  const callCount = MANY.accountCount + Math.ceil(MANY.accountCount / ACCOUNTS_A_PAGE);

  const fewRequests = await warmUp(few, few.roles);
  const stride = Math.floor(many.roles.length / WARM_ROLES);
  const manyRequests = await warmUp(
    many,
    many.roles.filter((_, index) => index % stride === 0),
  );
  // Both have written their profiles; what is left to collect of that is not a credential's to pay.
  await sleep(2000);
  const latencies = [];
  const sides = await interleave(ROUNDS, {
    floor: () => fewRequests(),
    measured: async () => {
      const round = await manyRequests();
      latencies.push(...round);
      return round;
    },
  });

  return [
    {
      name: 'a credential with 10,000 known roles',
      how:
        'a warm role over a kept connection to the socket, the roles in turn, against a daemon that knows ten; ' +
        `median of ${ROUNDS} x ${REQUESTS} requests (p99 of the many: ${percentile(latencies, 0.99).toFixed(2)} ms).`,
      unit: 'ms',
      floorName: '10 roles',
      bound: 1.1,
      ...sides,
    },
    {
      name: 'discovery of 5,000 accounts, real parts',
      how:
        `a whole listing by daemon and emulator over HTTP at ${SCALE} times the rate, against its ${callCount} calls at ` +
        `${ALLOWED_CALLS_PER_SECOND * SCALE} a second; one run.`,
      unit: 's',
      floorName: `${ALLOWED_CALLS_PER_SECOND} calls/s x ${SCALE}`,
      bound: 1.15,
      floor: callCount / (ALLOWED_CALLS_PER_SECOND * SCALE),
      measured: many.listingSeconds,
    },
    {
      name: 'status that reads 10,000 profiles',
      how: 'the first `/v1/status` after a sync has written them all; one run.',
      unit: 'ms',
      measured: firstStatusMs,
    },
  ];
}

/** Fetches each role once; gives a function that asks for them in turn and returns the milliseconds of each answer. */
async function warmUp(world, roles) {
  const paths = roles.map((role) => world.credentialsPath(role));
  for (const path of paths) {
    const { status, text } = await world.client.get(path);
    if (status !== 200) throw new Error(`no credentials: ${text}`);
  }
  return async () => {
    const latenciesMs = [];
    for (let request = 0; request < REQUESTS; request += 1) {
      const startedAtMs = performance.now();
      const { status } = await world.client.get(paths[request % paths.length]);
      latenciesMs.push(performance.now() - startedAtMs);
      if (status !== 200) throw new Error(`status ${status} for a warm role`);
    }
    return latenciesMs;
  };
}
