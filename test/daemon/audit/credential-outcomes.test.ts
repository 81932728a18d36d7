// The remembered refusals: the last one per role, limited in number, and forgotten once credentials are issued.
import { expect, test } from 'vitest';
import { NotFoundError, SignInRequiredError } from '../../../src/core/errors.ts';
import { createLastRefusals } from '../../../src/daemon/audit/credential-outcomes.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const role = (permissionSet: string, sessionName = 'work') => ({
  sessionName,
  accountId: '111111111111',
  permissionSet,
});
const by = (permissionSet: string) => ({ followsCurrent: false, role: role(permissionSet) });
const asCurrent = (permissionSet: string) => ({ followsCurrent: true, role: role(permissionSet) });
const ended = (message = 'Your sign-in has ended.') => new SignInRequiredError('sign-in-expired', message);
const named = ({ permissionSet }: { readonly permissionSet: string }) => `taylor.${permissionSet}`;

test('remembers the last refusal of a role until credentials are issued', async () => {
  const clock = createFakeClock();
  const refusals = createLastRefusals(clock);
  refusals.note(by('Admin'), new NotFoundError('session-not-found', 'No such session.'));
  const at = new Date(clock.nowMs()).toISOString().replace('.000', '');
  await clock.advance(60_000);
  refusals.note(by('ReadOnly'), ended());
  expect(refusals.list(named)).toEqual([
    expect.objectContaining({ permissionSet: 'ReadOnly', profile: 'taylor.ReadOnly', code: 'sign-in-expired' }),
    {
      at,
      code: 'session-not-found',
      message: 'No such session.',
      hint: 'rolecall status',
      profile: 'taylor.Admin',
      session: 'work',
      accountId: '111111111111',
      permissionSet: 'Admin',
    },
  ]);
  refusals.note(by('Admin'), ended());
  expect(refusals.list(named).map(({ permissionSet, code }) => [permissionSet, code])).toEqual([
    ['Admin', 'sign-in-expired'],
    ['ReadOnly', 'sign-in-expired'],
  ]);
  refusals.forget({ followsCurrent: false, role: role('Admin', 'another session') });
  refusals.forget(by('Admin'));
  expect(refusals.find(role('Admin'))).toBeUndefined();
  expect(refusals.find(role('ReadOnly'))).toMatchObject({ code: 'sign-in-expired' });
});

test('remembers one for the current role, which the role itself clears as well', () => {
  const refusals = createLastRefusals(createFakeClock());
  refusals.note({ followsCurrent: true, role: undefined }, new NotFoundError('no-current-role', 'There is none.'));
  expect(refusals.list(named)).toEqual([
    expect.objectContaining({ profile: 'current', session: null, accountId: null, permissionSet: null }),
  ]);
  refusals.forget(by('Admin'));
  refusals.note(asCurrent('Admin'), ended());
  expect(refusals.list(named)).toEqual([
    expect.objectContaining({ profile: 'current', permissionSet: 'Admin', code: 'sign-in-expired' }),
  ]);
  expect(refusals.find(role('Admin'))).toMatchObject({ code: 'sign-in-expired' });
  refusals.forget(by('ReadOnly'));
  expect(refusals.list(named)).toHaveLength(1);
  refusals.forget(by('Admin'));
  expect(refusals.list(named)).toEqual([]);
  // Another role that is current now gets keys: the current profile works again.
  refusals.note(asCurrent('Admin'), ended());
  refusals.forget(asCurrent('ReadOnly'));
  expect(refusals.list(named)).toEqual([]);
});

test('remembers at most a thousand roles, lists the last hundred, and cuts long messages', () => {
  const refusals = createLastRefusals(createFakeClock());
  for (let index = 0; index <= 1000; index += 1) refusals.note(by(`R${index}`), ended('x'.repeat(100_000)));
  const listed = refusals.list(() => undefined);
  expect(listed.map(({ permissionSet }) => permissionSet)).toEqual(
    Array.from({ length: 100 }, (_, index) => `R${1000 - index}`),
  );
  expect(listed[0]).toMatchObject({ profile: null, message: 'x'.repeat(500) });
  expect(refusals.find(role('R0'))).toBeUndefined();
  expect(refusals.find(role('R1'))).toBeDefined();
});

test('describes an internal error like every other one', () => {
  const refusals = createLastRefusals(createFakeClock());
  refusals.note(by('Admin'), new TypeError('secret'));
  expect(refusals.find(role('Admin'))).toMatchObject({
    code: 'internal',
    message: 'Something went wrong inside rolecall.',
  });
});
