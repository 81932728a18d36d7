// Adding an sso-session to a config file: existing bytes stay, and adding it twice has no further effect.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import { addSession, type NewSession } from '../../../src/aws-config/sessions/new-session.ts';
import { readSsoSessions } from '../../../src/aws-config/sessions/sso-sessions.ts';
import { configText } from '../config-text.ts';

const SESSION: NewSession = {
  sessionName: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'eu-central-1',
};
const LINES =
  '[sso-session work]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\nsso_registration_scopes = sso:account:access\n';
const add = (text: string, session = SESSION) => addSession(parseConfigDocument(text, 'config'), session);

describe('the session', () => {
  test.each([
    ['an empty file', '', LINES],
    ['a file', '[default]\nregion = x\n', `[default]\nregion = x\n\n${LINES}`],
    ['a file whose last line has no end', '[default]\nregion = x', `[default]\nregion = x\n\n${LINES}`],
    [
      'a file with CRLF',
      '[default]\r\nregion = x\r\n',
      `[default]\r\nregion = x\r\n\r\n${LINES.replaceAll('\n', '\r\n')}`,
    ],
    ['our own block', '# >>> rolecall >>>\n# <<< rolecall <<<\n', `# >>> rolecall >>>\n# <<< rolecall <<<\n\n${LINES}`],
  ])('is appended to %s', (_what, before, after) => {
    expect(add(before)).toBe(after);
    expect(add(after)).toBe(after);
  });

  test('is refused if the name is taken, the file is malformed, or the name needs quotes', () => {
    expect(() => add(LINES, { ...SESSION, region: 'us-east-1' })).toThrow(
      /already has a different \[sso-session work\], on line 1/,
    );
    expect(() => add(`\n${LINES}`, { ...SESSION, region: 'us-east-1' })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^\$\{EDITOR:-vi\} \+2 /) }),
    );
    expect(() => add('[default]\n[default]\n')).toThrow(/line 2: a second \[default\]/);
    for (const sessionName of ['my work', '', 'a]b', 'x\n[default]', 'é', 'a'.repeat(65)]) {
      expect(() => add('', { ...SESSION, sessionName })).toThrow(/letters, digits/);
    }
  });

  test('can be read back from every readable file, with everything that was there before', () => {
    let added = 0;
    fc.assert(
      fc.property(configText(), (text) => {
        const document = parseConfigDocument(text, 'config');
        if (document.problems.length > 0) return;
        // A problem in "[DEFAULT]" counts as soon as a section inherits it.
        if (parseConfigDocument(`${text}\n[one more]\n`, 'config').problems.length > 0) {
          expect(() => addSession(document, SESSION)).toThrow(expect.objectContaining({ code: 'config-malformed' }));
          return;
        }
        const after = addSession(document, SESSION);
        added += 1;
        expect(after.startsWith(text)).toBe(true);
        const before = readSsoSessions(document).sessions;
        expect(
          readSsoSessions(parseConfigDocument(after, 'config')).sessions.map(({ sessionName }) => sessionName),
        ).toEqual([...before.map(({ sessionName }) => sessionName), 'work']);
      }),
      { numRuns: 500 },
    );
    expect(added).toBeGreaterThan(50);
  });
});
