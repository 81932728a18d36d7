// Text wraps at words, and commands stay in one piece.
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../../src/cli/terminal/display-width.ts';
import { decorateStream, wrapFor, wrapText } from '../../../src/cli/terminal/wrap-text.ts';

describe('text for a terminal', () => {
  test('wraps at words and keeps the indentation', () => {
    expect(wrapText('  The keychain did not answer within five seconds.\n', 30)).toBe(
      '  The keychain did not answer\n  within five seconds.\n',
    );
    expect(wrapText('\u001b[33m!\u001b[39m The keychain did not answer within five seconds.', 30)).toBe(
      '\u001b[33m!\u001b[39m The keychain did not answer\n  within five seconds.',
    );
  });

  test('puts a command that does not fit on a line of its own, in one piece', () => {
    const text = 'Note: the daemon was started with other values. To use these: rolecall daemon restart\n';
    expect(wrapText(text, 60)).toBe(
      'Note: the daemon was started with other values. To use\nthese: rolecall daemon restart\n',
    );
    expect(wrapText('To add it by hand: if [ -r "$HOME/x" ]; then . "$HOME/x"; fi', 50)).toBe(
      'To add it by hand:\n  if [ -r "$HOME/x" ]; then . "$HOME/x"; fi',
    );
    expect(wrapText('It is old. To update it: rolecall daemon restart [daemon-old]', 40)).toBe(
      'It is old. To update it:\n  rolecall daemon restart [daemon-old]',
    );
    const long = `Run: \u001b[1maws sts get-caller-identity --profile ${'x'.repeat(60)}\u001b[22m\n`;
    expect(wrapText(long, 60)).toBe(`Run:\n  ${long.slice(5)}`);
  });

  test('does not break a command in the middle of a sentence', () => {
    expect(wrapText('After that, rolecall profiles sync, or rolecall login work, writes it again.', 24)).toBe(
      'After that,\nrolecall profiles sync,\nor rolecall login work,\nwrites it again.',
    );
  });

  test('begins an error about a command on the first line', () => {
    expect(wrapText('rolecall: rolecall use has no option "--unset"; did you mean "use --off"? [usage]', 60)).toBe(
      'rolecall: rolecall use has no option "--unset"; did you mean\n"use --off"? [usage]',
    );
  });

  test('continues a column of text below itself', () => {
    expect(wrapText('Endpoint  SSO OIDC, STS at http://127.0.0.1:43773 (from the environment)', 40)).toBe(
      'Endpoint  SSO OIDC, STS at\n          http://127.0.0.1:43773 (from\n          the environment)',
    );
    expect(wrapText('work  signed in as taylor  3 accounts, 6 permission sets', 40)).toBe(
      'work  signed in as taylor\n      3 accounts, 6 permission sets',
    );
    expect(wrapText('work  signed out  rolecall login work', 30)).toBe('work  signed out\n      rolecall login work');
    expect(wrapText('Payments  111111111111  AdministratorAccess  us-east-1', 40)).toBe(
      'Payments  111111111111\n          AdministratorAccess  us-east-1',
    );
  });

  test('continues cells below the first one, beside the label of the line', () => {
    expect(
      wrapText(
        'Current role: professional-af  222222222222  Admin-AF-Permission-Set  us-east-1  (profile professional-af.Admin-AF-Permission-Set)',
        96,
      ),
    ).toBe(
      'Current role: professional-af  222222222222  Admin-AF-Permission-Set  us-east-1\n' +
        '              (profile professional-af.Admin-AF-Permission-Set)',
    );
  });

  test('leaves diffs, progress lines and text that fits as they are', () => {
    for (const text of [
      '+credential_process = /home/x/rolecall-credential-process --session a --account b',
      '\r\u001b[KListing permission sets, 12 of 833 accounts, and so on and on',
      'It fits.',
    ]) {
      expect(wrapText(text, 40)).toBe(text);
    }
  });

  test('counts wide characters, and never splits a word', () => {
    const text = wrapText(
      '検証環境 の アカウント は 検証環境 です。 https://example.com/a/very/long/address/for/this',
      20,
    );
    for (const line of text.split('\n').filter((each) => each.includes(' '))) {
      expect(displayWidth(line)).toBeLessThanOrEqual(20);
    }
    expect(text).toContain('\nhttps://example.com/a/very/long/address/for/this');
  });

  test('only on a terminal', () => {
    const long = 'word '.repeat(30);
    expect(wrapFor({ write: () => true, columns: 40 }, long)).toBe(long);
    let written = '';
    const stream = { write: (text: string) => (written += text), isTTY: true, columns: 40, rows: 10 };
    const wrapping = decorateStream(stream, { wraps: true });
    wrapping.write(`${long.trim()}\n`);
    expect(Math.max(...written.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
    expect([wrapping.isTTY, wrapping.columns, wrapping.rows]).toEqual([true, 40, 10]);
  });
});
