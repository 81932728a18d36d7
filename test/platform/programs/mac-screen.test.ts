// What ioreg says about the screen of a user on macOS.
import { expect, it } from 'vitest';
import { parseMacScreen } from '../../../src/platform/programs/mac-screen.ts';

const session = (userId: number, more: string) =>
  `{"kCGSSessionOnConsoleKey"=Yes,"kSCSecuritySessionID"=100004,"kCGSSessionUserIDKey"=${userId}${more},"kCGSSessionLongUserNameKey"="Taylor (work), x"}`;
const root = (...sessions: readonly string[]) =>
  `+-o Root  <class IORegistryEntry, id 0x100000100>\n    {\n      "IOConsoleLocked" = No\n      "IOConsoleUsers" = (${sessions.join(',')})\n    }\n`;

it.each([
  ['a locked screen', root(session(501, ',"CGSSessionScreenIsLocked"=Yes,"CGSSessionScreenLockedTime"=1')), true],
  ['an unlocked one', root(session(501, '')), false],
  [
    'a screen that another user has locked',
    root(session(501, ''), session(502, ',"CGSSessionScreenIsLocked"=Yes')),
    false,
  ],
  ['only other users', root(session(5012, ',"CGSSessionScreenIsLocked"=Yes')), undefined],
  ['nobody', '"IOConsoleUsers" = ()', undefined],
  ['no answer', '', undefined],
])('recognizes %s', (_what, text, isLocked) => {
  expect(parseMacScreen(text, 501)).toBe(isLocked);
});
