// Where the session bus is, by the addresses that desktops give.
import { expect, test } from 'vitest';
import { findBusSocket } from '../../../src/platform/bus/bus-address.ts';

const RUNTIME = { XDG_RUNTIME_DIR: '/run/user/1000' } as const;

test.each([
  ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
  ['unix:path=/tmp/dbus-x,guid=0123456789abcdef', '/tmp/dbus-x'],
  ['unix:guid=0123,path=/tmp/dbus-x', '/tmp/dbus-x'],
  ['unix:path=/tmp/a%20b%2cc%c3%a9', '/tmp/a b,cé'],
  ['unix:abstract=/tmp/dbus-Xy,guid=01', '\0/tmp/dbus-Xy'],
  ['unix:runtime=yes', '/run/user/1000/bus'],
  ['tcp:host=localhost,port=1;unix:path=/second', '/second'],
  ['unixexec:path=ssh,argv1=x', undefined],
  ['autolaunch:', undefined],
  ['nonsense', undefined],
])('%s', (DBUS_SESSION_BUS_ADDRESS, expected) => {
  expect(findBusSocket({ ...RUNTIME, DBUS_SESSION_BUS_ADDRESS }, () => true)).toBe(expected);
});

test("uses systemd's bus if there is no address and that bus exists", () => {
  const asked: string[] = [];
  const isThere = (path: string) => {
    asked.push(path);
    return asked.length === 1;
  };
  expect(findBusSocket(RUNTIME, isThere)).toBe('/run/user/1000/bus');
  expect(findBusSocket({ ...RUNTIME, DBUS_SESSION_BUS_ADDRESS: '' }, isThere)).toBeUndefined();
  expect(findBusSocket({}, isThere)).toBeUndefined();
  expect(findBusSocket({ XDG_RUNTIME_DIR: 'relative' }, isThere)).toBeUndefined();
  expect(asked).toEqual(['/run/user/1000/bus', '/run/user/1000/bus']);
});
