// How the page finds its token: a code first, whose trace is gone at once, then what this tab has kept.
import { describe, expect, test } from 'vitest';
import { forgetToken, obtainToken, parseFragment, removeServiceWorkers } from '../../src/web/connection/access.js';

const CODE = 'c'.repeat(43);

async function open(options: { hash: string; stored?: string; answer?: Response | Error }) {
  const stored = new Map(options.stored === undefined ? [] : [['rolecall-token', options.stored]]);
  const requests: unknown[] = [];
  const replaced: unknown[] = [];
  const order: string[] = [];
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const token = await obtainToken({
    location: { hash: options.hash, pathname: '/' },
    history: {
      replaceState(_state: unknown, _unused: string, url?: string | URL | null) {
        order.push('cleared');
        replaced.push(url);
      },
    },
    storage,
    fetch: async (url, init) => {
      order.push('asked');
      requests.push([url, init?.method, init?.body]);
      if (options.answer instanceof Error) throw options.answer;
      return options.answer ?? Response.json({ token: 'fresh' });
    },
  }).catch((error: unknown) => error);
  return { token, stored: Object.fromEntries(stored), requests, replaced, order, storage };
}

test('a code is cleared from the address, exchanged and forgotten; the token is kept', async () => {
  expect(await open({ hash: `#${CODE}`, stored: 'old' })).toMatchObject({
    token: 'fresh',
    stored: { 'rolecall-token': 'fresh' },
    requests: [['/v1/web-token', 'POST', JSON.stringify({ code: CODE })]],
    replaced: ['/'],
    order: ['cleared', 'asked'],
  });
});

test('a fragment may name the approval for which the page was opened, and nothing else', () => {
  const id = '0123456789abcdef';
  expect(parseFragment(`#${CODE}.${id}`)).toEqual({ code: CODE, approval: id });
  expect(parseFragment(`#${CODE}`)).toEqual({ code: CODE, approval: '' });
  expect(parseFragment(`#${CODE}.../${id}`)).toEqual({ code: CODE, approval: '' });
  expect(parseFragment(`#${CODE}.${id}/refuse`)).toEqual({ code: CODE, approval: '' });
  expect(parseFragment('')).toEqual({ code: '', approval: '' });
});

test('a tab that has its token asks for none', async () => {
  expect(await open({ hash: '', stored: 'kept' })).toMatchObject({ token: 'kept', requests: [], replaced: [] });
});

test('a code that is used up leaves the token that the tab has', async () => {
  const answer = Response.json({ code: 'token-required' }, { status: 401 });
  expect(await open({ hash: `#${CODE}`, stored: 'kept', answer })).toMatchObject({ token: 'kept' });
});

test('without code and token there is none', async () => {
  expect(await open({ hash: '' })).toMatchObject({ token: undefined, requests: [] });
});

test.each(['#/', '#x', `#${CODE}x`, '#%3Cscript%3E'])(
  'the fragment %s is no code, is cleared and goes nowhere',
  async (hash) => {
    expect(await open({ hash })).toMatchObject({ token: undefined, requests: [], replaced: ['/'] });
  },
);

test('a forgotten token is not there for the next load', async () => {
  const { storage } = await open({ hash: `#${CODE}` });
  forgetToken(storage);
  expect(storage.getItem('rolecall-token')).toBeNull();
});

describe('service workers of the origin', () => {
  function containerOf(count: number, controlledBy: object | null = null) {
    const removed: number[] = [];
    const registrations = Array.from({ length: count }, (_, index) => ({
      unregister: async () => removed.push(index) > 0,
    }));
    return {
      removed,
      container: {
        controller: controlledBy,
        getRegistrations: async () => registrations,
      },
    };
  }

  test('are all removed, and make the page one that can not be trusted', async () => {
    const { container, removed } = containerOf(2);
    expect(await removeServiceWorkers(container)).toBe(false);
    expect(removed).toEqual([0, 1]);
  });

  test('so does one that controls the page and that nobody has registered any more', async () => {
    expect(await removeServiceWorkers(containerOf(0, {}).container)).toBe(false);
  });

  test('are usually none, also where the browser knows nothing of them or keeps nothing', async () => {
    expect(await removeServiceWorkers(containerOf(0).container)).toBe(true);
    expect(await removeServiceWorkers(undefined)).toBe(true);
    const refusing = { controller: null, getRegistrations: () => Promise.reject(new Error('SecurityError')) };
    expect(await removeServiceWorkers(refusing)).toBe(true);
  });
});
