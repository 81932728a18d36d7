// The split of what is typed after the host: what belongs to the connection, to the session, and to the far side.
import { describe, expect, it } from 'vitest';
import { readSshLine } from '../../../src/cli/reach/ssh-line.ts';

const NOTHING = { shared: [], connection: [], session: [], command: undefined };

describe('readSshLine', () => {
  it.each<[string, readonly string[], Partial<ReturnType<typeof readSshLine>>]>([
    ['a host', ['build'], {}],
    ['a user', ['dev@build'], {}],
    ['an address', ['ssh://dev@build:2222'], {}],
    ['options that every ssh gets', ['build', '-p', '2222', '-A'], { shared: ['-p', '2222', '-A'] }],
    ['a value that is joined to its letter', ['build', '-p2222'], { shared: ['-p', '2222'] }],
    [
      'letters in one word',
      ['build', '-AvtL8080:x:80'],
      {
        shared: ['-A', '-v'],
        session: ['-t'],
        connection: ['-L', '8080:x:80'],
      },
    ],
    ['the way to the host', ['build', '-J', 'jump', '-D', '1080'], { connection: ['-J', 'jump', '-D', '1080'] }],
    [
      'the terminal of the session',
      ['build', '-tt', '-n', '-e', 'none'],
      { session: ['-t', '-t', '-n', '-e', 'none'] },
    ],
    ['an option with a name', ['build', '-o', 'Ciphers=a'], { shared: ['-o', 'Ciphers=a'] }],
    ['a command', ['build', 'ls', '-l', 'a b'], { command: 'ls -l a b' }],
    ['a command after options', ['build', '-4', 'ls', '-4'], { shared: ['-4'], command: 'ls -4' }],
    ['a command after "--"', ['build', '-4', '--', '-x', '--'], { shared: ['-4'], command: '-x --' }],
    ['a command that is one "-"', ['build', '-'], { command: '-' }],
    ['an empty command', ['build', ''], { command: '' }],
  ])('reads %s', (_, words, expected) => {
    expect(readSshLine(words, 'ssh')).toEqual({ host: words[0], ...NOTHING, ...expected });
  });

  it.each<[string, readonly string[], string]>([
    ['nothing', [], 'rolecall ssh needs a host.'],
    ['an empty host', [''], 'rolecall ssh needs a host.'],
    ['an option in place of the host', ['-oProxyCommand=touch x', 'build'], 'takes the host first'],
    ['an option as the host after "--"', ['--', '-oProxyCommand=touch x'], 'takes the host first'],
    ['an option as the name in an address', ['ssh://-oProxyCommand=x'], 'takes the host first'],
    ['an option after the user', ['dev@-oProxyCommand=x'], 'takes the host first'],
    ['a missing value', ['build', '-p'], 'ssh needs a value after -p.'],
    ['an unknown letter', ['build', '-Az'], 'ssh has no option -z.'],
    ['a long option', ['build', '-A', '--role'], 'ssh has no option --.'],
    ['the background', ['build', '-f'], 'rolecall ssh takes no -f: it stays in the foreground'],
    ['a connection of somebody else', ['build', '-S', 'x'], 'rolecall ssh takes no -S: it always uses a connection'],
    ['no session', ['build', '-AN'], 'rolecall ssh takes no -N: rolecall forward starts no shell'],
  ])('refuses %s', (_, words, message) => {
    expect(() => readSshLine(words, 'ssh')).toThrow(message);
  });
});
