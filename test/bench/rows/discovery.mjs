// The same listing at AWS's real rate by a clock of its own: the domain's pacing alone, the same figure in every run.
import { createProblems } from '../../../dist/core/problems.js';
import { Secret } from '../../../dist/core/secret.js';
import { createMemoryStore } from '../../../dist/secret-store/memory.js';
import { createBroker } from '../../../dist/sso/broker.js';
import { createVirtualClock } from '../virtual-clock.mjs';

const ACCOUNTS = 5000;
const ACCOUNTS_A_PAGE = 100;
const ALLOWED_CALLS_PER_SECOND = 20;
/** Of each call: Europe to us-east-1 through a proxy. */
const ROUND_TRIP_MS = 300;
const SESSION = {
  sessionName: 'bench',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: ['sso:account:access'],
};

/** How long after the start of the first listing a person asks for the list, as `rolecall ls --refresh` after a sign-in. */
const ASKED_AFTER_MS = 1000;

export async function measureDiscovery() {
  const first = await measureListing(async (broker) => broker.refreshCatalog(SESSION));
  const asked = await measureListing(async (broker, clock) => {
    void broker.refreshCatalog(SESSION);
    await clock.sleep(ASKED_AFTER_MS);
    return broker.refreshCatalog(SESSION, { isAttended: true });
  });
  const row = {
    unit: 's',
    floorName: `${ALLOWED_CALLS_PER_SECOND} calls/s`,
    floor: first.callCount / ALLOWED_CALLS_PER_SECOND,
  };
  return [
    {
      name: 'discovery of 5,000 accounts, by the clock',
      how:
        `the domain alone on a clock that is advanced, each of ${first.callCount} calls answered after ${ROUND_TRIP_MS} ms, ` +
        `against those calls at ${ALLOWED_CALLS_PER_SECOND} a second; the same in every run.`,
      ...row,
      bound: 1.15,
      measured: first.seconds,
    },
    {
      name: 'discovery of 5,000 accounts, asked for during it',
      how:
        `the same until a person has a list who asks for one ${ASKED_AFTER_MS / 1000} s after the start of the first: ` +
        `${asked.callCount - first.callCount} calls more, because the accounts are listed again.`,
      ...row,
      bound: 1.2,
      measured: asked.seconds,
    },
  ];
}

/** Seconds and calls of what `list` does right after a sign-in. */
async function measureListing(list) {
  const clock = createVirtualClock();
  const portal = createPortal(clock);
  let approve;
  const approved = new Promise((resolve) => {
    approve = resolve;
  });
  const broker = createBroker({
    identityCenter: portal.identityCenter,
    secretStore: createMemoryStore(),
    endpointsOf: () => ({}),
    catalogFiles: { load: async () => undefined, save: async () => undefined },
    clock,
    random: () => 0.5,
    problems: createProblems(),
    onSignedIn: () => approve(),
  });
  await clock.passUntil(broker.startSignIn(SESSION, { force: true }));
  await clock.passUntil(approved);

  const startedAtMs = clock.nowMs();
  const { catalog } = await clock.passUntil(list(broker, clock));
  if (!catalog.complete || catalog.accounts.length !== ACCOUNTS) throw new Error('the listing is not whole');
  return { callCount: portal.callCount(), seconds: (clock.nowMs() - startedAtMs) / 1000 };
}

/** An Identity Center that approves at once and answers each call after a round trip. */
function createPortal(clock) {
  let callCount = 0;
  const answer = async (value) => {
    callCount += 1;
    await clock.sleep(ROUND_TRIP_MS);
    return value;
  };
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({
    accountId: String(100_000_000_001 + index),
    accountName: `account-${index + 1}`,
  }));
  return {
    callCount: () => callCount,
    identityCenter: {
      resolveStartUrl: async ({ startUrl }) => startUrl,
      registerClient: async () => ({
        clientId: 'client',
        clientSecret: new Secret('secret'),
        expiresAtMs: clock.nowMs() + 90 * 24 * 3_600_000,
      }),
      startDeviceAuthorization: async () => ({
        deviceCode: new Secret('device'),
        userCode: 'ABCD-EFGH',
        verificationUri: 'https://device.sso.us-east-1.amazonaws.com/',
        verificationUriComplete: 'https://device.sso.us-east-1.amazonaws.com/?user_code=ABCD-EFGH',
        expiresInSeconds: 600,
        intervalSeconds: 1,
      }),
      createTokenByDeviceCode: async () => ({
        accessToken: new Secret('access'),
        refreshToken: new Secret('refresh'),
        expiresInSeconds: 8 * 3600,
      }),
      listAccounts: (_session, _accessToken, nextToken = '0') => {
        const end = Number(nextToken) + ACCOUNTS_A_PAGE;
        const items = accounts.slice(Number(nextToken), end);
        return answer(end < ACCOUNTS ? { items, nextToken: String(end) } : { items });
      },
      listAccountRoles: () => answer({ items: ['Admin', 'Billing', 'ReadOnly'] }),
    },
  };
}
