// What every secret store promises, whatever keeps the secrets; run against each driver.
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { SecretStore } from '../../src/sso/ports.ts';

const ODD_NAMES = [
  'session:my sso-session',
  'session:a/../b',
  'session:quote\' " \\ $(id) `id`',
  'session:Ünïcödé 🙂',
  'registration:9f86d081884c7d65',
  '__proto__',
  'constructor',
];

/** Declares the suite; `open` gives the driver, the same secrets behind it each time within one test. */
export function testSecretStore(open: () => SecretStore): void {
  const loadText = async (store: SecretStore, name: string) => (await store.load(name))?.reveal();

  test('returns what was saved', async () => {
    const store = open();
    await store.save('session:round-trip', new Secret('a token'));
    expect(await loadText(store, 'session:round-trip')).toBe('a token');
  });

  test('an absent name is undefined', async () => {
    expect(await open().load('session:never-saved')).toBeUndefined();
  });

  test('the last save of a name wins', async () => {
    const store = open();
    await store.save('session:overwritten', new Secret('old'));
    await store.save('session:overwritten', new Secret('new'));
    expect(await loadText(store, 'session:overwritten')).toBe('new');
  });

  test('a deleted name is absent', async () => {
    const store = open();
    await store.save('session:deleted', new Secret('x'));
    await store.delete('session:deleted');
    expect(await store.load('session:deleted')).toBeUndefined();
  });

  test('does not fail if an absent name is deleted', async () => {
    await expect(open().delete('session:never-saved')).resolves.toBeUndefined();
  });

  test('keeps values of 20,000 characters whole', async () => {
    const store = open();
    const long = Array.from({ length: 20_000 }, (_, index) => String.fromCodePoint(33 + (index % 90))).join('');
    await store.save('session:long', new Secret(long));
    expect(await loadText(store, 'session:long')).toBe(long);
  });

  test.each(['ünïcödé 🙂 漢字', ' spaces and\nnewlines\t', '{"json":"\\u0000"}', 'x'])(
    'keeps %j as it is',
    async (value) => {
      const store = open();
      await store.save('session:text', new Secret(value));
      expect(await loadText(store, 'session:text')).toBe(value);
    },
  );

  test('names are taken literally and never mix', async () => {
    const store = open();
    for (const [index, name] of ODD_NAMES.entries()) await store.save(name, new Secret(`value ${index}`));
    const loaded = [];
    for (const name of ODD_NAMES) loaded.push(await loadText(store, name));
    expect(loaded).toEqual(ODD_NAMES.map((_, index) => `value ${index}`));
    await store.delete('session:a/../b');
    expect(await store.load('session:a/../b')).toBeUndefined();
    expect(await loadText(store, 'session:my sso-session')).toBe('value 0');
  });

  test('loses nothing in concurrent saves', async () => {
    const store = open();
    const names = Array.from({ length: 20 }, (_, index) => `session:concurrent-${index}`);
    await Promise.all(names.map((name) => store.save(name, new Secret(`of ${name}`))));
    expect(await Promise.all(names.map((name) => loadText(store, name)))).toEqual(names.map((name) => `of ${name}`));
  });

  test('keeps the last of several concurrent saves of one name', async () => {
    const store = open();
    await Promise.all([1, 2, 3, 4, 5].map((turn) => store.save('session:race', new Secret(`turn ${turn}`))));
    expect(await loadText(store, 'session:race')).toBe('turn 5');
  });
}
