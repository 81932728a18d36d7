// Browser templates: split like in a shell, but without one; the URL inserted; hostile text has no effect.
import { describe, expect, test } from 'vitest';
import {
  BrowserFailure,
  formatBrowserCommand,
  nestsUrl,
  splitCommand,
} from '../../../src/core/text/browser-command.ts';

const URL_TEXT = 'https://acme.awsapps.com/start/#/console?account_id=1&role_name=a%2Bb';

describe('words', () => {
  test.each<[string, readonly string[]]>([
    ['firefox -P work', ['firefox', '-P', 'work']],
    ['  firefox\t-P   work ', ['firefox', '-P', 'work']],
    ['google-chrome --profile-directory="Profile 2"', ['google-chrome', '--profile-directory=Profile 2']],
    [`'/opt/My Browser/bin' 'it''s' "a \\"b\\" \\\\ c"`, ['/opt/My Browser/bin', 'its', 'a "b" \\ c']],
    ['/opt/My\\ Browser/bin', ['/opt/My Browser/bin']],
    ["firefox ''", ['firefox', '']],
    // None of these means anything here: they are words for a program.
    [
      'firefox $(touch x) `id` ; rm -rf ~ | cat && $HOME *',
      ['firefox', '$(touch', 'x)', '`id`', ';', 'rm', '-rf', '~', '|', 'cat', '&&', '$HOME', '*'],
    ],
    ['firefox "$(touch x)"', ['firefox', '$(touch x)']],
  ])('of %s', (template, words) => {
    expect(splitCommand(template)).toEqual(words);
  });

  test.each(['', '   ', "''", '"firefox', "firefox -P 'work", 'firefox \\'])('%j is no command', (template) => {
    expect(splitCommand(template)).toBeUndefined();
    expect(() => formatBrowserCommand(template, URL_TEXT, 'linux')).toThrow(BrowserFailure);
  });
});

describe('the URL', () => {
  const run = (template: string, platform: NodeJS.Platform = 'linux') => ({
    words: formatBrowserCommand(template, URL_TEXT, platform),
    isNested: nestsUrl(template),
  });

  test('is appended if the template does not place it', () => {
    expect(run('firefox -P work')).toEqual({ words: ['firefox', '-P', 'work', URL_TEXT], isNested: false });
  });

  test('is inserted unchanged where the template places it, also inside a word', () => {
    expect(run('chromium --app={url} --new-window')).toEqual({
      words: ['chromium', `--app=${URL_TEXT}`, '--new-window'],
      isNested: false,
    });
    expect(run('open-twice {url} {url}').words).toEqual(['open-twice', URL_TEXT, URL_TEXT]);
  });

  test('is percent-encoded inside another URL', () => {
    const target = `ext+container:name=Work&url=${encodeURIComponent(URL_TEXT)}`;
    expect(run('firefox "ext+container:name=Work&url={url}"')).toEqual({ words: ['firefox', target], isNested: true });
    expect(run('ext+container:name=Work&url={url}')).toEqual({ words: ['firefox', target], isNested: true });
    expect(run('ext+container:name=Work&url={url}', 'darwin').words).toEqual(['open', '-a', 'Firefox', target]);
    expect(run("'ext+container:name=My Work&url={url}'").words[1]).toBe(target.replace('Work', 'My Work'));
  });

  test('is inserted unchanged, with dollar signs and braces in it', () => {
    const hostile = "https://x/?a=$&$1{url}'$(id)`id`";
    expect(formatBrowserCommand('firefox {url}', hostile, 'linux')).toEqual(['firefox', hostile]);
  });
});
