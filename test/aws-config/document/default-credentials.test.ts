// Removing the default profile's credentials from a config file: what is removed, what stays, and what is refused.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutDefaultCredentials } from '../../../src/aws-config/document/default-credentials.ts';
import { parseConfigDocument, splitDocument } from '../../../src/aws-config/document/document.ts';
import { configText, wellFormedConfigText } from '../config-text.ts';

const PATH = '/home/taylor/.aws/config';
const strip = (text: string, whose?: 'aws' | 'boto') =>
  withoutDefaultCredentials(parseConfigDocument(text, PATH), whose);

describe('the default profile', () => {
  test.each([
    ['static keys', 'aws_access_key_id = AKIA1\naws_secret_access_key = x\naws_session_token = y\n'],
    ['the old name of the token', 'aws_security_token = y\n'],
    ['keys of that account', 'aws_account_id = 222222222222\naws_credential_scope = x\n'],
    ['a credential_process', 'credential_process = /opt/tool --x=1\n'],
    ['a credential_process on the next line', 'credential_process =\n  /opt/tool --x=1\n'],
    ['a native sso profile', 'sso_session = s\nsso_account_id = 1\nsso_role_name = R\n'],
    ['a legacy sso profile', 'sso_start_url = https://x\nsso_region = r\n'],
    ['a role to assume', 'role_arn = arn:aws:iam::2:role/x\nsource_profile = other\n'],
    ['a role by the machine', 'role_arn = arn:aws:iam::2:role/x\ncredential_source = Ec2InstanceMetadata\n'],
    ['a web identity', 'role_arn = arn:aws:iam::2:role/x\nweb_identity_token_file = /t\n'],
    ['an aws login session', 'login_session = arn:aws:iam::2:user/x\n'],
    ['capitals', 'AWS_Access_Key_ID = AKIA1\n'],
    ['a colon', 'aws_access_key_id: AKIA1\n'],
    ['an indent', '   aws_access_key_id = AKIA1\n'],
    ['CRLF', 'aws_access_key_id = AKIA1\r\n'],
  ])('loses %s, and only that', (_, lines) => {
    for (const header of ['[default]', '[profile default]', '[profile "default"]', '[default] # mine [x]']) {
      const before = `# first\n[profile a]\ncredential_process = /a\n\n${header}\nregion = eu-west-1\n`;
      const after = '# last\noutput = json\n[profile b]\naws_access_key_id = AKIAB\n';
      expect(strip(before + lines + after)).toBe(before + after);
    }
  });

  test('keeps nested blocks, even with names that are keys elsewhere, and what follows them', () => {
    const text = '[default]\ns3 =\n  credential_process = nested\n  max_queue_size = 1\nregion = x';
    expect(strip(text)).toBe(text);
    expect(strip(`${text}\ncredential_process = y`)).toBe(`${text}\n`);
  });

  test('loses the continuation lines of removed keys, across a comment that stays', () => {
    expect(strip('[default]\ncredential_process =\n# note\n\n  /opt/tool --x=1\nregion = x\n')).toBe(
      '[default]\n# note\n\nregion = x\n',
    );
  });

  test('loses a key that only the JS SDK reads, in the continuation of another value', () => {
    expect(strip('[default]\nregion = x\n  aws_access_key_id = A\n')).toBe('[default]\nregion = x\n');
  });

  test('loses keys in a section that only the JS SDK reads as the default profile', () => {
    expect(strip('[default] # see [x]\naws_access_key_id = A\n')).toBe('[default] # see [x]\n');
    expect(strip('[ default ]\naws_access_key_id = A\n')).toBe('[ default ]\n');
  });

  test('is the same text when there is nothing to remove', () => {
    for (const text of ['', '\n', '[default]\nregion = x\n', '[profile a]\naws_access_key_id = A', 'nonsense\n[a']) {
      expect(strip(text)).toBe(text);
    }
  });
});

describe('refuses, with the line, a file', () => {
  test.each([
    [
      'that botocore refuses although the default profile has credentials',
      '[default]\nregion = x\naws_access_key_id = A\nnonsense\n',
      'line 4: "nonsense" has no "="',
    ],
    ['with two default profiles', '[default]\na = b\n[default]\nrole_arn = x\n', 'line 3: a second [default]'],
    [
      'in which clients read different sections',
      '[default]\nregion = x\n  [profile a]\naws_access_key_id = A\n',
      'line 3: AWS clients disagree',
    ],
    [
      'whose default profile inherits keys from [DEFAULT]',
      '[DEFAULT]\naws_access_key_id = A\n[default]\nregion = x\n',
      'line 2: [DEFAULT] sets "aws_access_key_id" for every profile',
    ],
  ])('%s', (_, text, message) => {
    expect(() => strip(text)).toThrow(
      expect.objectContaining({ code: 'config-malformed', message: expect.stringContaining(`${PATH}, ${message}`) }),
    );
  });

  test('but not because of problems outside the default profile', () => {
    for (const text of [
      '[DEFAULT]\naws_access_key_id = A\n[profile a]\nregion = x\n',
      '[profile a]\nregion = x\n  [profile b]\naws_access_key_id = A\n',
      '[profile a]\nnonsense\n',
    ]) {
      expect(strip(text)).toBe(text);
    }
  });
});

test('removes the keys of [Credentials] from boto 2’s own file', () => {
  const text =
    '[Boto]\ndebug = 1\n[Credentials]\naws_access_key_id = A\ngs_access_key_id = G\n[default]\nrole_arn = x\n';
  expect(strip(text, 'boto')).toBe(text.replace('aws_access_key_id = A\n', ''));
});

describe('for any text', () => {
  const CREDENTIAL_LINES = fc.constantFrom(
    'aws_access_key_id = AKIA1\naws_secret_access_key = x',
    'credential_process = /opt/tool',
    'sso_session = s',
    'role_arn = arn\nsource_profile = other',
  );
  const isDefaultHeader = (name: string, kind: string) =>
    name === 'default' && (kind === 'default' || kind === 'profile');

  test('removes all credentials from default sections and keeps the other sections byte for byte', () => {
    let changed = 0;
    fc.assert(
      fc.property(wellFormedConfigText(), CREDENTIAL_LINES, (rest, lines) => {
        const newline = rest.includes('\r\n') ? '\r\n' : '\n';
        const own = `[default]${newline}${lines.replaceAll('\n', newline)}${newline}`;
        const others = rest.replace('[default]', '[profile was-default]');
        const text = own + others;
        const stripped = strip(text);
        changed += 1;
        expect(stripped).toBe(`[default]${newline}${others}`);
        expect(strip(stripped)).toBe(stripped);
      }),
    );
    expect(changed).toBeGreaterThan(50);
  });

  test('refuses it, or gives a part of it in which botocore finds no default credentials', () => {
    let refused = 0;
    let changed = 0;
    const withCredentials = fc
      .tuple(configText(10), CREDENTIAL_LINES, fc.nat(), fc.constantFrom('', ' ', '\t'))
      .map(([text, lines, place, indent]) => {
        const all = text.split(/(?<=\n)/u);
        all.splice(place % (all.length + 1), 0, `${lines.replace(/^/gmu, indent)}\n`);
        return all.join('');
      });
    fc.assert(
      fc.property(withCredentials, (text) => {
        let stripped: string;
        try {
          stripped = strip(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'config-malformed' });
          refused += 1;
          return;
        }
        if (stripped !== text) changed += 1;
        const [before, after] = [text, stripped].map((version) => parseConfigDocument(version, PATH));
        if (before === undefined || after === undefined) throw new Error('no documents');
        const lines = splitDocument(before).map((line) => line.text + line.newline);
        let next = 0;
        for (const line of splitDocument(after)) {
          const kept = line.text + line.newline;
          // A CR that ends a line and the LF of an empty line become one CRLF when the lines between them are removed.
          next =
            lines.findIndex((earlier, index) => index >= next && (earlier === kept || `${earlier}\n` === kept)) + 1;
          expect(next).toBeGreaterThan(0);
        }
        for (const { kind, name, entries } of after.sections) {
          if (!isDefaultHeader(name, kind)) continue;
          expect(entries.map(({ key }) => key).filter((key) => /^(aws_|sso_|role_arn|credential)/u.test(key))).toEqual(
            [],
          );
        }
      }),
      { numRuns: 1000, examples: [['[default]\rsso_session = x\naws_access_key_id = AKIA1\n\n  ']] },
    );
    expect(refused).toBeGreaterThan(5);
    expect(changed).toBeGreaterThan(5);
  });
});
