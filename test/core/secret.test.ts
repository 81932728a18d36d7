// A secret must not get into text by accident, in any of the usual ways.
import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InternalError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';

const CANARY = 'canary-4f1d';

const ACCIDENTS: Record<string, (secret: Secret) => string> = {
  'a template': (secret) => `token ${String(secret)}`,
  'an implicit conversion': (secret) => ['token ', secret].join(''),
  'an error message': (secret) => new Error(`refused ${String(secret)}`).message,
  'the stack of an error': (secret) => String(new Error(`refused ${String(secret)}`).stack),
  JSON: (secret) => JSON.stringify({ nested: [{ secret }] }),
  inspect: (secret) => inspect({ nested: [{ secret }] }, { depth: null, showHidden: true, getters: true }),
  'a log format of %s': (secret) => format('%s', secret),
  'a log format of %o': (secret) => format('%o', secret),
  'a log format of %j': (secret) => format('%j', secret),
  'a log argument': (secret) => format('token', { secret }),
  'an inspected error that carries it': (secret) => inspect(Object.assign(new Error('refused'), { secret })),
  'an inspected cause': (secret) => inspect(new InternalError('internal', 'refused', { cause: { secret } })),
  'a property key': (secret) => JSON.stringify({ [String(secret)]: 1 }),
};

describe('secret', () => {
  it('returns its value only by reveal', () => {
    expect(new Secret(CANARY).reveal()).toBe(CANARY);
  });

  it.each(Object.entries(ACCIDENTS))('says [secret] in %s', (_name, accident) => {
    const text = accident(new Secret(CANARY));
    expect(text).not.toContain(CANARY);
    expect(text).toContain('[secret]');
  });

  it('has no property with it, and copies do not contain it', () => {
    const secret = new Secret(CANARY);
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(Object.assign({}, secret)).toEqual({});
    expect(structuredClone(secret)).toEqual({});
  });
});
