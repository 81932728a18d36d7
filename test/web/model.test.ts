// What the page knows after each kind of event.
import { expect, test } from 'vitest';
import type { StatusDocument } from '../../src/local-api/schemas.ts';
import { createModel } from '../../src/web/connection/model.js';
import { anApproval, aRole } from '../helpers/documents.ts';

const SESSION = {
  session: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  state: 'signed-out',
  catalog: null,
  listing: null,
  tokenFileProfiles: [],
} as const;
const STATUS: StatusDocument = {
  version: '1.0.0',
  pid: 1,
  startedAt: '2026-11-24T06:00:00Z',
  store: { driver: 'memory', durable: false },
  endpoints: {},
  files: { settings: '', config: '', log: '', socket: '' },
  sessions: [{ ...SESSION, tokenFileProfiles: [] }],
  current: null,
  problems: [],
};
const ROLE = aRole({ session: 'work', label: 'Work' });

function greeted() {
  const model = createModel();
  const parts: string[] = [];
  model.watch((part) => void parts.push(part));
  model.apply('hello', { version: '1.0.0', status: STATUS });
  return { model, parts };
}

test('an event before the first word of the daemon changes nothing', () => {
  const model = createModel();
  for (const [type, document] of [
    ['session', SESSION],
    ['current', null],
    ['problems', []],
    ['catalog', { session: 'work', catalog: null }],
    ['constructor', {}],
    ['made-up', {}],
  ] as const) {
    model.apply(type, document);
  }
  expect(model.status()).toBeUndefined();
});

test('sessions, catalog, current role and problems follow their events', () => {
  const { model, parts } = greeted();
  const catalog = { asOf: '2026-11-24T06:00:00Z', complete: true, accounts: 1, permissionSets: 1 };
  const problem = { code: 'secret-store-locked', message: 'It is locked.', hint: 'rolecall status' };
  const current = { session: 'work', accountId: '111111111111', permissionSet: 'Admin', profile: null };
  model.apply('session', { ...SESSION, state: 'live' });
  model.apply('session', { ...SESSION, session: 'lab' });
  model.apply('catalog', { session: 'work', catalog });
  model.apply('current', current);
  model.apply('problems', [problem]);
  expect(model.status()).toEqual({
    ...STATUS,
    sessions: [
      { ...SESSION, state: 'live', catalog },
      { ...SESSION, session: 'lab' },
    ],
    current,
    problems: [problem],
  });
  expect(new Set(parts)).toEqual(new Set(['status', 'sign-ins']));
});

test('a sign-in is known until it is told to be none', () => {
  const { model } = greeted();
  model.apply('sign-in', { session: 'work', signIn: { state: 'pending', userCode: 'KQTB-XWHD' } });
  expect([...model.signIns()]).toEqual([['work', { state: 'pending', userCode: 'KQTB-XWHD' }]]);
  model.apply('sign-in', { session: 'work', signIn: null });
  expect([...model.signIns()]).toEqual([]);
});

test('pending approvals are those of the last event, and none after a hello until it comes', () => {
  const { model, parts } = greeted();
  model.apply('approvals', { approvals: [anApproval()] });
  expect(model.approvals()).toEqual([anApproval()]);
  expect(parts.at(-1)).toBe('approvals');
  model.apply('hello', { version: '1.0.0', status: STATUS });
  expect(model.approvals()).toEqual([]);
});

test('another hello forgets what was known', () => {
  const { model } = greeted();
  model.apply('sign-in', { session: 'work', signIn: { state: 'pending' } });
  model.apply('hello', { version: '1.0.0', status: { ...STATUS, sessions: [] } });
  expect([model.status()?.sessions, model.signIns().size]).toEqual([[], 0]);
});

test('the current role is looked up in the list by session, account and permission set', () => {
  const { model } = greeted();
  model.setRoles({ asOf: null, complete: true, roles: [{ ...ROLE, session: 'lab' }, ROLE] });
  expect(model.currentRole()).toBeUndefined();
  model.apply('current', { session: 'work', accountId: '111111111111', permissionSet: 'Admin', profile: null });
  expect(model.currentRole()).toEqual(ROLE);
  model.apply('current', { session: 'work', accountId: '111111111111', permissionSet: 'Gone', profile: null });
  expect(model.currentRole()).toBeUndefined();
});
