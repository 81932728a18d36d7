// The keychain driver's own rules, on a stand-in for the native module; the real keychain is in test/system.
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createKeychainStore, type KeychainModule } from '../../src/secret-store/keychain.ts';
import { createLockGate, type KeychainNews } from '../../src/secret-store/lock-gate.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { testSecretStore } from './contract.ts';

type Operation = 'get' | 'set' | 'delete';

/** A keychain in a Map; `before` runs ahead of each operation and may reject or hang. */
function createFakeModule(before: (operation: Operation, username: string) => unknown = () => undefined) {
  const items = new Map<string, string>();
  const log: string[] = [];
  let entriesBuilt = 0;
  const module: KeychainModule = {
    AsyncEntry: class {
      readonly #name: string;
      constructor(service: string, username: string, options: unknown) {
        entriesBuilt += 1;
        this.#name = username;
        log.push(`new ${service} ${JSON.stringify(options)}`);
      }
      async getPassword() {
        log.push(`get ${this.#name}`);
        await before('get', this.#name);
        return items.get(this.#name) ?? null;
      }
      async setPassword(password: string) {
        log.push(`set ${this.#name}`);
        await before('set', this.#name);
        items.set(this.#name, password);
      }
      async deleteCredential() {
        log.push(`delete ${this.#name}`);
        await before('delete', this.#name);
        return items.delete(this.#name);
      }
    },
  };
  return { module, items, log, entriesBuilt: () => entriesBuilt };
}

const LOCKED = "Couldn't access platform storage: Secret Service: unlock prompt was dismissed";
const fail = (message: string) => () => Promise.reject(new Error(message));

describe('keychain store on a stand-in', () => {
  const { module } = createFakeModule();
  const store = createKeychainStore({ loadModule: async () => module });
  testSecretStore(() => store);
});

describe('keychain store', () => {
  test('asks for service rolecall in the Secret Service and nowhere else', async () => {
    const fake = createFakeModule();
    await createKeychainStore({ loadModule: async () => fake.module }).save('session:a', new Secret('x'));
    expect(fake.log).toEqual(['new rolecall {"linux":{"store":"secret-service"}}', 'set session:a']);
  });

  test('the module is loaded by the first call, once', async () => {
    const fake = createFakeModule();
    let loads = 0;
    const store = createKeychainStore({
      loadModule: async () => {
        loads += 1;
        return fake.module;
      },
    });
    expect(loads).toBe(0);
    await store.save('session:a', new Secret('x'));
    await store.load('session:a');
    expect(loads).toBe(1);
    expect(fake.entriesBuilt()).toBe(1);
  });

  test.each([
    [LOCKED, 'secret-store-locked', 'locked'],
    ["Couldn't access platform storage: Secret Service: object locked", 'secret-store-locked', 'locked'],
    ['Platform failure: User interaction is not allowed.', 'secret-store-locked', 'locked'],
    ['Platform failure: DBus error: Did not receive a reply.', 'secret-store-unavailable', 'failing'],
    [
      'Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files',
      'secret-store-unavailable',
      'absent',
    ],
    [
      'Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time, set your DBUS_SESSION_BUS_ADDRESS instead',
      'secret-store-unavailable',
      'absent',
    ],
    [
      'Platform failure: DBus error: Failed to connect to socket /run/user/1/bus: No such file or directory',
      'secret-store-unavailable',
      'absent',
    ],
  ])('%s', async (message, code, state) => {
    const fake = createFakeModule(fail(message));
    const store = createKeychainStore({ loadModule: async () => fake.module });
    await expect(store.load('session:a')).rejects.toMatchObject({ errorClass: 'UnavailableError', code });
    await expect(store.save('session:a', new Secret('x'))).rejects.toMatchObject({ code });
    await expect(store.delete('session:a')).rejects.toMatchObject({ code });
    expect(await store.probe()).toMatchObject({ state, error: { code } });
  });

  test('reports thrown values that are not errors', async () => {
    const fake = createFakeModule(() => {
      // oxlint-disable-next-line typescript/only-throw-error -- a native module may throw anything
      throw 'odd';
    });
    await expect(createKeychainStore({ loadModule: async () => fake.module }).load('a')).rejects.toMatchObject({
      message: 'The keychain cannot be used: odd',
    });
  });

  test('a platform without the module has no keychain', async () => {
    const store = createKeychainStore({ loadModule: fail('Cannot find native binding.') });
    await expect(store.load('session:a')).rejects.toMatchObject({
      code: 'secret-store-unavailable',
      message: 'rolecall has no keychain module for this platform.',
    });
    expect(await store.probe()).toMatchObject({ state: 'absent' });
  });

  test('does not mistake our own fault for the keychain’s', async () => {
    const store = createKeychainStore({
      loadModule: async () => createFakeModule().module,
      clock: { nowMs: () => 0, sleep: fail('the clock is broken') },
    });
    await expect(store.probe()).rejects.toThrow('the clock is broken');
  });

  test('a locked keychain that hides its items is locked, not empty', async () => {
    // What a provider may do: reads of a closed collection find nothing, writes ask for the password.
    let open = true;
    const fake = createFakeModule((operation) => {
      if (!open && operation === 'set') throw new Error(LOCKED);
    });
    const store = createKeychainStore({ loadModule: async () => fake.module });
    await store.save('session:a', new Secret('x'));
    const hidden = new Map(fake.items);
    fake.items.clear();
    open = false;
    await expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-locked' });
    open = true;
    for (const [name, value] of hidden) fake.items.set(name, value);
    expect((await store.load('session:a'))?.reveal()).toBe('x');
  });

  test('finds an item after unlocking that was hidden before', async () => {
    const fake = createFakeModule((operation, username) => {
      // The write of the sentinel made the person unlock the keychain.
      if (operation === 'set' && username === 'unlocked') fake.items.set('session:a', 'x');
    });
    const store = createKeychainStore({ loadModule: async () => fake.module });
    expect((await store.load('session:a'))?.reveal()).toBe('x');
  });

  test('asks a restarted provider again with a new entry', async () => {
    let broken = false;
    const fake = createFakeModule(() => {
      if (!broken) return;
      broken = false;
      throw new Error('Platform failure: DBus error: The session does not exist');
    });
    const store = createKeychainStore({ loadModule: async () => fake.module });
    await store.save('session:a', new Secret('x'));
    broken = true;
    expect((await store.load('session:a'))?.reveal()).toBe('x');
    expect(fake.entriesBuilt()).toBe(2);
  });

  test('probing writes nothing', async () => {
    const fake = createFakeModule();
    const store = createKeychainStore({ loadModule: async () => fake.module });
    expect(await store.probe()).toEqual({ state: 'readable' });
    expect([...fake.items]).toEqual([]);
  });
});

describe('a keychain that does not answer', () => {
  /** A module whose operations wait until `release`. */
  function createHanging() {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = createFakeModule(() => gate);
    const clock = createFakeClock();
    const store = createKeychainStore({ loadModule: async () => fake.module, clock, timeoutMs: 5_000 });
    return { ...fake, clock, store, release };
  }

  test('is unavailable after the deadline', async () => {
    const { store, clock, release } = createHanging();
    const failing = expect(store.load('session:a')).rejects.toMatchObject({
      code: 'secret-store-unavailable',
      message: 'The keychain did not answer within 5 s; is it asking for its password?',
    });
    await clock.advance(5_000);
    await failing;
    release();
  });

  test('gets one call at a time, and no call whose deadline passed in the queue', async () => {
    const { store, clock, log, release } = createHanging();
    const calls = Promise.allSettled([
      store.save('session:a', new Secret('1')),
      store.save('session:b', new Secret('2')),
      store.save('session:c', new Secret('3')),
    ]);
    await clock.advance(5_000);
    expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    release();
    await store.save('session:d', new Secret('4'));
    expect(log.filter((line) => line.startsWith('set'))).toEqual(['set session:a', 'set session:d']);
  });

  test('is failing, not absent, in a probe', async () => {
    const { store, clock, release } = createHanging();
    const probing = store.probe();
    await clock.advance(5_000);
    expect(await probing).toMatchObject({ state: 'failing', error: { code: 'secret-store-unavailable' } });
    release();
  });

  test('answers again once it is unlocked', async () => {
    const { store, items, clock, release } = createHanging();
    const first = expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await clock.advance(5_000);
    await first;
    items.set('session:a', 'x');
    release();
    expect((await store.load('session:a'))?.reveal()).toBe('x');
  });
});

describe('a keychain behind the gate', () => {
  /** Operations do what `answer` says at the time: reject as a dismissed dialog does, hang as an open one, or work. */
  function createGated() {
    const world = { answer: 'locked' as 'locked' | 'hangs' | 'works', release: () => {} };
    const fake = createFakeModule(async () => {
      if (world.answer === 'hangs') {
        await new Promise<void>((resolve) => {
          world.release = resolve;
        });
      }
      if (world.answer === 'locked') throw new Error(LOCKED);
    });
    const clock = createFakeClock();
    const news: KeychainNews[] = [];
    const gate = createLockGate({ clock, onNews: (heard) => void news.push(heard) });
    const store = createKeychainStore({ loadModule: async () => fake.module, clock, gate, timeoutMs: 5_000 });
    const dialogs = () => fake.log.filter((line) => !line.startsWith('new')).length;
    return { ...fake, clock, gate, news, store, world, dialogs };
  }
  const refused = { code: 'secret-store-locked' };

  test('is asked once while it is locked, whoever needs it', async () => {
    const { store, dialogs, news } = createGated();
    const calls = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0 ? store.load('session:a') : store.save('session:a', new Secret('x')),
    );
    for (const call of calls) await expect(call).rejects.toMatchObject(refused);
    for (const call of [store.load('b'), store.delete('b')]) await expect(call).rejects.toMatchObject(refused);
    expect(await store.probe()).toMatchObject({ state: 'locked' });
    expect([dialogs(), news]).toEqual([1, ['closed']]);
  });

  test('is asked once more for each action of a person', async () => {
    const { clock, gate, store, dialogs } = createGated();
    await expect(store.load('session:a')).rejects.toMatchObject(refused);
    for (const pauseMs of [2_999, 1, 2_999]) {
      await clock.advance(pauseMs);
      gate.retry();
      for (let call = 0; call < 3; call += 1) await expect(store.load('session:a')).rejects.toMatchObject(refused);
    }
    expect(dialogs()).toBe(2);
  });

  test('is asked again when it reports its unlocking, and reported once it works', async () => {
    const { gate, store, news, world } = createGated();
    await expect(store.save('session:a', new Secret('x'))).rejects.toMatchObject(refused);
    world.answer = 'works';
    await expect(store.save('session:a', new Secret('x'))).rejects.toMatchObject(refused);
    gate.unlocked();
    await store.save('session:a', new Secret('x'));
    await store.save('session:a', new Secret('y'));
    expect(news).toEqual(['closed', 'works']);
  });

  test('does not block every caller while its dialog is open, and works once it is answered', async () => {
    const { clock, store, news, world, dialogs } = createGated();
    world.answer = 'hangs';
    const first = expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await clock.advance(5_000);
    await first;
    // At once, without the clock.
    await expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    expect(dialogs()).toBe(1);
    world.answer = 'works';
    world.release();
    await clock.settle();
    await store.save('session:a', new Secret('x'));
    expect(news).toEqual(['closed', 'works']);
  });

  test('stays blocked if its dialog is dismissed late; a person who acts meanwhile waits for that dialog', async () => {
    const { clock, gate, store, world, dialogs } = createGated();
    world.answer = 'hangs';
    const first = expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await clock.advance(5_000);
    await first;
    gate.retry();
    const second = expect(store.load('session:a')).rejects.toMatchObject(refused);
    world.answer = 'locked';
    world.release();
    await second;
    await expect(store.load('session:a')).rejects.toMatchObject(refused);
    expect(dialogs()).toBe(1);
  });

  test('is asked each time after another failure', async () => {
    const fake = createFakeModule(fail('Platform failure: DBus error: Did not receive a reply.'));
    const gate = createLockGate({ clock: createFakeClock(), onNews: () => undefined });
    const store = createKeychainStore({ loadModule: async () => fake.module, gate });
    for (let call = 0; call < 3; call += 1) {
      await expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    }
    expect(fake.log.filter((line) => line.startsWith('get'))).toHaveLength(3);
  });
});
