// Registering and using passkeys: which approval, which challenge, and how often.
import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createProblems, type Problems } from '../../../src/core/problems.ts';
import { UnavailableError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createApprovals, type Approvals, type Subject } from '../../../src/daemon/approvals/approvals.ts';
import { createPasskeyStore, type PasskeyStore } from '../../../src/daemon/passkeys/passkey-store.ts';
import { createLateLoading } from '../../../src/daemon/http/late-loading.ts';
import { createPasskeys, findPasskeyObstacle, type Passkeys } from '../../../src/daemon/passkeys/passkeys.ts';
import { describeApproval } from '../../../src/daemon/approvals/approval-documents.ts';
import type { Caller } from '../../../src/daemon/http/caller.ts';
import { createMemoryStore } from '../../../src/secret-store/memory.ts';
import type { Answers, InputOf } from '../../../src/local-api/routes.ts';
import type { SecretStore } from '../../../src/sso/ports.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import {
  createSoftwarePasskey,
  ORIGIN,
  type Claims,
  type SoftwarePasskey,
} from '../../helpers/software-authenticator.ts';

const ROLE = { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' } as const;
const CALLER: Caller = {
  surface: 'socket',
  lastEventId: undefined,
  waitBudgetMs: undefined,
  processId: undefined,
  gone: () => new AbortController().signal,
  program: async () => undefined,
};
const text = (bytes: Buffer) => bytes.toString('base64url');

/** None of them answers with bytes. */
type PlainHandlers = {
  readonly [R in keyof Passkeys['handlers']]: (input: InputOf<R>, caller: Caller) => Promise<Answers[R]>;
};

interface World {
  readonly clock: ReturnType<typeof createFakeClock>;
  readonly store: SecretStore;
  readonly passkeyStore: PasskeyStore;
  readonly problems: Problems;
  readonly approvals: Approvals;
  readonly handlers: PlainHandlers;
  readonly audited: string[];
}

function open(store: SecretStore = createMemoryStore()): World {
  const clock = createFakeClock();
  const problems = createProblems();
  const audited: string[] = [];
  const approvals = createApprovals({ clock, createId: () => randomBytes(8).toString('hex') });
  const passkeyStore = createPasskeyStore({ store, problems });
  const { handlers } = createPasskeys({
    settings: { protect: [], unlock: 'command' },
    passkeyStore,
    approvals,
    describeApproval: async (approval) => describeApproval(approval, approvals),
    webAccess: { passkeyUrl: () => ORIGIN, issueCode: (where) => ({ url: `${where}`, code: '', expiresAt: '' }) },
    personActs: () => undefined,
    audit: { record: ({ event, label }) => void audited.push(label === undefined ? event : `${event} ${label}`) },
    lateLoading: createLateLoading(),
    randomBytes,
    clock,
    log: () => undefined,
  });
  return { clock, store, passkeyStore, problems, approvals, handlers: handlers as PlainHandlers, audited };
}

let world: World;
let passkey: SoftwarePasskey;
let second: SoftwarePasskey;
beforeAll(() => {
  passkey = createSoftwarePasskey('ES256');
  second = createSoftwarePasskey('Ed25519');
});
beforeEach(() => {
  world = open();
});

/** What the page does once a passkey was approved. */
async function register(id: string, made: SoftwarePasskey, claims: Claims = {}) {
  const { options } = await world.handlers.passkeyOptions({ approval: id }, CALLER);
  const { clientData, authenticatorData } = made.register(options.challenge, claims);
  return world.handlers.registerPasskey(
    {
      approval: id,
      body: {
        id: text(made.id),
        clientDataJSON: text(clientData),
        authenticatorData: text(authenticatorData),
        publicKey: text(made.publicKey),
        algorithm: made.algorithm,
        transports: ['internal'],
      },
    },
    CALLER,
  );
}

const bodyOf = (made: SoftwarePasskey, challenge: string, claims: Claims = {}) => {
  const { clientData, authenticatorData, signature } = made.assert(challenge, claims);
  return {
    id: text(made.id),
    clientDataJSON: text(clientData),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
  };
};
const challengeOf = async (id: string) => (await world.handlers.approvalChallenge({ id }, CALLER)).options.challenge;
const assert = async (id: string, made: SoftwarePasskey, claims: Claims = {}) =>
  world.handlers.approvalAssertion({ id, body: bodyOf(made, await challengeOf(id), claims) }, CALLER);

/** Registers the first one, as a click approved it. */
async function addFirst(): Promise<void> {
  const { id } = await world.handlers.addPasskey({ body: { label: 'first' } }, CALLER);
  expect(world.approvals.approve(id, 'click')).toBe(true);
  await register(id, passkey);
}

const askRole = (permissionSet = 'Admin', approve: 'click' | 'passkey' = 'passkey') =>
  world.approvals.ask({ subject: { kind: 'role', role: { ...ROLE, permissionSet } }, approve, surface: 'socket' }).id;
const stateOf = (id: string) => world.approvals.find(id)?.state;
const REFUSED = { code: 'passkey-refused', httpStatus: 403, exitCode: 5 };
const NOT_FOUND = { code: 'approval-not-found', httpStatus: 404 };

describe('the first passkey', () => {
  test('is registered after a click, and approves roles from then on', async () => {
    expect(await findPasskeyObstacle(world.passkeyStore)).toEqual({
      code: 'approval-refused',
      message: 'No passkey is registered.',
      hint: 'rolecall passkey add',
    });
    await addFirst();
    expect(await findPasskeyObstacle(world.passkeyStore)).toBeUndefined();
    expect(await world.handlers.passkeys({}, CALLER)).toEqual({
      passkeys: [{ id: text(passkey.id), label: 'first', addedAt: expect.any(String), transports: ['internal'] }],
      url: ORIGIN,
      isPersistent: false,
      problem: null,
    });
    const id = askRole();
    expect(await assert(id, passkey)).toMatchObject({ id, state: 'approved' });
    expect(world.approvals.find(id)).toMatchObject({ by: 'passkey' });
    expect(world.audited).toEqual(['passkey-added first']);
  });

  test('is not registered before the click, twice, or minutes after it', async () => {
    const { id } = await world.handlers.addPasskey({ body: { label: 'first' } }, CALLER);
    await expect(register(id, passkey)).rejects.toMatchObject(NOT_FOUND);
    world.approvals.approve(id, 'click');
    await register(id, passkey);
    await expect(register(id, second)).rejects.toMatchObject(NOT_FOUND);
    world = open();
    const late = (await world.handlers.addPasskey({ body: { label: 'late' } }, CALLER)).id;
    world.approvals.approve(late, 'click');
    await world.clock.advance(300_000);
    await expect(register(late, passkey)).rejects.toMatchObject(NOT_FOUND);
    const refused = (await world.handlers.addPasskey({ body: { label: 'refused' } }, CALLER)).id;
    world.approvals.refuse(refused, 'click');
    await expect(register(refused, passkey)).rejects.toMatchObject(NOT_FOUND);
  });

  test('takes away what other clicks would have allowed', async () => {
    const ask = async (label: string) => (await world.handlers.addPasskey({ body: { label } }, CALLER)).id;
    const [one, other] = [await ask('one'), await ask('other')];
    for (const id of [one, other]) world.approvals.approve(id, 'click');
    const { options } = await world.handlers.passkeyOptions({ approval: other }, CALLER);
    await register(one, passkey);
    await expect(register(other, second)).rejects.toMatchObject(REFUSED);
    const { clientData, authenticatorData } = second.register(options.challenge);
    const body = {
      id: text(second.id),
      clientDataJSON: text(clientData),
      authenticatorData: text(authenticatorData),
      publicKey: text(second.publicKey),
      algorithm: second.algorithm,
      transports: [],
    };
    await expect(world.handlers.registerPasskey({ approval: other, body }, CALLER)).rejects.toMatchObject(REFUSED);
    expect(await world.passkeyStore.list()).toHaveLength(1);
  });

  test('must verify its user, for this challenge and this page', async () => {
    const { id } = await world.handlers.addPasskey({ body: { label: 'first' } }, CALLER);
    world.approvals.approve(id, 'click');
    const wrong: Claims[] = [{ flags: 0x41 }, { origin: 'http://localhost:1' }, { challenge: text(randomBytes(32)) }];
    for (const claims of wrong) await expect(register(id, passkey, claims)).rejects.toMatchObject(REFUSED);
    expect(await world.passkeyStore.list()).toEqual([]);
    await register(id, passkey);
    expect(world.audited).toEqual([...wrong.map(() => 'passkey-refused'), 'passkey-added first']);
  });
});

describe('a further passkey', () => {
  beforeEach(addFirst);

  test('needs one that is registered: no click approves it', async () => {
    const { id, approve } = await world.handlers.addPasskey({ body: { label: 'second' } }, CALLER);
    expect(approve).toBe('passkey');
    expect([world.approvals.approve(id, 'click'), world.approvals.approve(id, 'terminal')]).toEqual([false, false]);
    await assert(id, passkey);
    await register(id, second);
    const role = askRole();
    await assert(role, second);
    expect(stateOf(role)).toBe('approved');
  });

  test('has another name, and is no registered one again', async () => {
    await expect(world.handlers.addPasskey({ body: { label: 'first' } }, CALLER)).rejects.toMatchObject({
      code: 'invalid-request',
    });
    const { id } = await world.handlers.addPasskey({ body: { label: 'again' } }, CALLER);
    await assert(id, passkey);
    await expect(register(id, passkey)).rejects.toMatchObject(REFUSED);
  });

  test('and a removal: only a registered passkey approves it', async () => {
    const { id, label } = await world.handlers.removePasskey({ id: text(passkey.id) }, CALLER);
    expect(label).toBe('first');
    expect(world.approvals.approve(id, 'click')).toBe(false);
    await expect(assert(id, second)).rejects.toMatchObject(REFUSED);
    await assert(id, passkey);
    expect(await world.passkeyStore.list()).toEqual([]);
    expect(world.audited.at(-1)).toBe('passkey-removed first');
    await expect(world.handlers.removePasskey({ id: text(passkey.id) }, CALLER)).rejects.toMatchObject({
      code: 'passkey-not-found',
    });
  });
});

describe('a challenge', () => {
  beforeEach(addFirst);

  test('works once', async () => {
    const [one, other] = [askRole('A'), askRole('B')];
    const body = bodyOf(passkey, await challengeOf(one));
    await world.handlers.approvalAssertion({ id: one, body }, CALLER);
    for (const id of [one, other]) {
      await expect(world.handlers.approvalAssertion({ id, body }, CALLER)).rejects.toMatchObject(
        id === one ? NOT_FOUND : REFUSED,
      );
    }
    expect(stateOf(other)).toBe('pending');
  });

  test('is used up by a wrong answer', async () => {
    const id = askRole();
    const challenge = await challengeOf(id);
    const [wrong, right] = [bodyOf(passkey, challenge, { flags: 0x01 }), bodyOf(passkey, challenge)];
    for (const body of [wrong, right]) {
      await expect(world.handlers.approvalAssertion({ id, body }, CALLER)).rejects.toMatchObject(REFUSED);
    }
    await assert(id, passkey);
    expect(stateOf(id)).toBe('approved');
  });

  test('is for one approval, and is not used up at another', async () => {
    const [one, other] = [askRole('A'), askRole('B')];
    const body = bodyOf(passkey, await challengeOf(one));
    await expect(world.handlers.approvalAssertion({ id: other, body }, CALLER)).rejects.toMatchObject(REFUSED);
    expect([stateOf(one), stateOf(other)]).toEqual(['pending', 'pending']);
    await world.handlers.approvalAssertion({ id: one, body }, CALLER);
    expect([stateOf(one), stateOf(other)]).toEqual(['approved', 'pending']);
  });

  test('is valid for a minute, also if the clock jumps', async () => {
    for (const pass of [() => world.clock.advance(60_000), async () => world.clock.jump(60_000)]) {
      const id = askRole();
      const body = bodyOf(passkey, await challengeOf(id));
      await pass();
      await expect(world.handlers.approvalAssertion({ id, body }, CALLER)).rejects.toMatchObject(REFUSED);
      world.approvals.refuse(id, 'click');
      await world.clock.advance(600_000);
    }
  });

  test('of a registration approves nothing, and that of an approval registers nothing', async () => {
    const adding = (await world.handlers.addPasskey({ body: { label: 'second' } }, CALLER)).id;
    await assert(adding, passkey);
    const id = askRole();
    const { options } = await world.handlers.passkeyOptions({ approval: adding }, CALLER);
    const body = bodyOf(passkey, options.challenge);
    await expect(world.handlers.approvalAssertion({ id, body }, CALLER)).rejects.toMatchObject(REFUSED);
    await expect(register(adding, second, { challenge: await challengeOf(id) })).rejects.toMatchObject(REFUSED);
  });

  test('is dropped when many more are asked for', async () => {
    const id = askRole();
    const first = await challengeOf(id);
    for (let count = 0; count < 32; count += 1) await challengeOf(id);
    const body = bodyOf(passkey, first);
    await expect(world.handlers.approvalAssertion({ id, body }, CALLER)).rejects.toMatchObject(REFUSED);
  });
});

describe('an assertion', () => {
  beforeEach(addFirst);

  test.each([
    ['without verification', { flags: 0x01 }],
    ['of another page', { origin: 'http://localhost:1' }],
    ['of an embedded page', { client: { crossOrigin: true } }],
    ['for another site', { rpId: 'x.localhost' }],
  ] satisfies [string, Claims][])('%s is refused, and says so in the audit log', async (_what, claims) => {
    const id = askRole();
    await expect(assert(id, passkey, claims)).rejects.toMatchObject(REFUSED);
    expect(stateOf(id)).toBe('pending');
    expect(world.audited.at(-1)).toBe('passkey-refused');
  });

  test('of a passkey that is not registered is refused', async () => {
    const id = askRole();
    await expect(assert(id, second)).rejects.toMatchObject(REFUSED);
    expect(stateOf(id)).toBe('pending');
  });

  test('whose counter does not grow is refused, also of two at once', async () => {
    const [one, other] = [askRole('A'), askRole('B')];
    const bodies = [
      { id: one, body: bodyOf(passkey, await challengeOf(one), { counter: 5 }) },
      { id: other, body: bodyOf(passkey, await challengeOf(other), { counter: 5 }) },
    ];
    const outcomes = await Promise.allSettled(bodies.map((input) => world.handlers.approvalAssertion(input, CALLER)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(assert(other, passkey, { counter: 0 })).rejects.toMatchObject(REFUSED);
    await assert(other, passkey, { counter: 6 });
    // The next daemon knows it too.
    world = open(world.store);
    const id = askRole();
    await expect(assert(id, passkey, { counter: 6 })).rejects.toMatchObject(REFUSED);
    await assert(id, passkey, { counter: 7 });
  });

  test('approves nothing that waits for a click, is settled or unknown', async () => {
    const click = askRole('A', 'click');
    const refused = askRole('B');
    world.approvals.refuse(refused, 'click');
    for (const id of [click, refused, '0123456789abcdef']) {
      await expect(world.handlers.approvalChallenge({ id }, CALLER)).rejects.toMatchObject(NOT_FOUND);
      const body = bodyOf(passkey, 'x');
      await expect(world.handlers.approvalAssertion({ id, body }, CALLER)).rejects.toMatchObject(NOT_FOUND);
    }
    expect(stateOf(click)).toBe('pending');
  });
});

describe('the store', () => {
  test('keeps passkeys for the next daemon, with public keys only', async () => {
    await addFirst();
    const stored = (await world.store.load('passkeys'))?.reveal() ?? '';
    expect(JSON.parse(stored)).toEqual({
      version: 1,
      passkeys: [
        {
          id: text(passkey.id),
          label: 'first',
          algorithm: -7,
          publicKey: text(passkey.publicKey),
          counter: 0,
          transports: ['internal'],
          addedAt: expect.any(String),
        },
      ],
    });
    world = open(world.store);
    const id = askRole();
    await assert(id, passkey);
    expect(stateOf(id)).toBe('approved');
  });

  test('that another program changes is a problem, is put back, and the foreign passkey approves nothing', async () => {
    await addFirst();
    const stored = JSON.parse((await world.store.load('passkeys'))?.reveal() ?? '') as { passkeys: object[] };
    const planted = { ...stored.passkeys[0], id: text(second.id), algorithm: -8, publicKey: text(second.publicKey) };
    await world.store.save('passkeys', new Secret(JSON.stringify({ version: 1, passkeys: [planted] })));
    const id = askRole();
    await expect(assert(id, second)).rejects.toMatchObject(REFUSED);
    expect(world.problems.list()).toEqual([
      expect.objectContaining({ code: 'passkeys-changed', hint: 'rolecall daemon restart' }),
    ]);
    await assert(id, passkey);
    expect((await world.store.load('passkeys'))?.reveal()).toContain(text(passkey.id));
    expect(world.problems.list()).toHaveLength(1);
  });

  test('that is locked or has something else in it is an error, and never looks empty', async () => {
    const locked = new UnavailableError('secret-store-locked', 'The keychain is locked; unlock it and try again.');
    const memory = createMemoryStore();
    let isLocked = true;
    world = open({ ...memory, load: (name) => (isLocked ? Promise.reject(locked) : memory.load(name)) });
    expect(await findPasskeyObstacle(world.passkeyStore)).toEqual({
      code: 'approval-refused',
      message: "The passkeys can't be read. The keychain is locked; unlock it and try again.",
      hint: locked.hint,
    });
    await expect(world.handlers.addPasskey({ body: { label: 'x' } }, CALLER)).rejects.toBe(locked);
    await expect(world.handlers.approvalChallenge({ id: askRole() }, CALLER)).rejects.toBe(locked);
    expect(await world.handlers.passkeys({}, CALLER)).toMatchObject({ passkeys: [], problem: locked.toBody() });
    isLocked = false;
    expect(await findPasskeyObstacle(world.passkeyStore)).toMatchObject({ hint: 'rolecall passkey add' });
    for (const broken of ['x', 'null', '[]', '{"version":2,"passkeys":[]}', '{"version":1,"passkeys":[{}]}']) {
      await memory.save('passkeys', new Secret(broken));
      await expect(open(memory).passkeyStore.list()).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    }
  });

  test('that can not be written adds nothing', async () => {
    const memory = createMemoryStore();
    const failure = new UnavailableError('secret-store-unavailable', 'No.');
    world = open({ ...memory, save: () => Promise.reject(failure) });
    const { id } = await world.handlers.addPasskey({ body: { label: 'first' } }, CALLER);
    world.approvals.approve(id, 'click');
    await expect(register(id, passkey)).rejects.toBe(failure);
    expect(await world.passkeyStore.list()).toEqual([]);
  });
});

test('no subject but a role needs less than its own approval says', () => {
  const subjects: Subject[] = [
    { kind: 'unlock' },
    { kind: 'add-passkey', label: 'x' },
    { kind: 'remove-passkey', id: 'x', label: 'x' },
  ];
  for (const subject of subjects) {
    const { id } = world.approvals.ask({ subject, approve: 'passkey', surface: 'socket' });
    expect([world.approvals.approve(id, 'click'), world.approvals.approve(id, 'terminal'), stateOf(id)]).toEqual([
      false,
      false,
      'pending',
    ]);
  }
});
