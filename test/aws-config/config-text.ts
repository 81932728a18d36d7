// fast-check generators of config files: mostly sensible, with the oddities that real files may have.
import * as fc from 'fast-check';

const NAMES = ['a', 'taylor.Admin', '"two words"', "'x'", '"open', 'two words', 'a\\ b', '""', 'Ünï', '#x', 'a]b'];
const HEADERS = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('profile', 'sso-session', 'services', 'profileX'),
      fc.constantFrom(' ', '  ', '\t', ''),
      fc.constantFrom(...NAMES),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('default', ' default ', 'DEFAULT', 'preview', 'plugins', ' profile a', 'profile a ', ''),
);
const TRAILERS = fc.constantFrom('', '', '', ' ', ' # note', ' ; note', '# note', ' [x]', ']', ' = 1');
const INDENTS = fc.constantFrom('', '', '', '', ' ', '\t', '    ', '\u00a0', '\u001c');
const KEYS = fc.constantFrom('region', 'Region', 'sso_session', 's3', 'a key', 'ca_bundle', '[x', 'é', '');
const VALUES = fc.constantFrom(
  'x',
  '',
  'a = b',
  '"q"',
  'a # b',
  'https://x.awsapps.com/start',
  '🚀',
  ' padded ',
  '\u2028',
);

const LINES = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(INDENTS, HEADERS, TRAILERS).map(([indent, header, end]) => `${indent}[${header}]${end}`),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(INDENTS, KEYS, fc.constantFrom(' = ', '=', ':', ' : ', ' =', ''), VALUES)
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(INDENTS, fc.constantFrom('# note', '; note = x', '#', '[open', '\ufeff', 'rem x'))
      .map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.constantFrom('', '  ', '\t', '\u0085') },
);

function joined(line: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\n', '\r\n', '\r')), { maxLength }).chain((lines) =>
    fc.boolean().map((hasEnd) => {
      const text = lines.map(([content, newline]) => content + newline).join('');
      return hasEnd ? text : text.replace(/[\r\n]+$/u, '');
    }),
  );
}

/** Anything that looks like a config file, malformed ones included. */
export function configText(maxLines = 14): fc.Arbitrary<string> {
  // Most start with a section; otherwise botocore would refuse nearly all of them because of the first line.
  return fc
    .tuple(fc.constantFrom('', '[default]\n', '[profile a]\n', '[profile first] # x\r\n'), joined(LINES, maxLines))
    .map((parts) => parts.join(''));
}

/** Files that botocore reads: comments, nested blocks, CRLF, missing last newline, hand-written profiles. */
export function wellFormedConfigText(): fc.Arbitrary<string> {
  const body = fc.constantFrom(
    'region = eu-west-1',
    's3 =\n  max_concurrent_requests = 20\n  addressing_style = path',
    '# a comment = with everything',
    'role_arn = arn:aws:iam::111111111111:role/x\nsource_profile = default',
    '',
    'credential_process = "/opt/my tool" --x',
  );
  return fc
    .record({
      profiles: fc.uniqueArray(fc.constantFrom('a', 'b', 'taylor.Admin', 'current', '"two words"', 'prod.Admin'), {
        maxLength: 5,
      }),
      hasDefault: fc.boolean(),
      bodies: fc.array(body, { minLength: 8, maxLength: 8 }),
      isWindows: fc.boolean(),
      hasFinalNewline: fc.boolean(),
      comment: fc.constantFrom('', '# first line\n\n'),
    })
    .map(({ profiles, hasDefault, bodies, isWindows, hasFinalNewline, comment }) => {
      const headers = [...(hasDefault ? ['[default]'] : []), ...profiles.map((name) => `[profile ${name}]`)];
      let text = comment + headers.map((header, index) => `${header}\n${bodies[index] ?? ''}\n`).join('\n');
      if (!hasFinalNewline) text = text.replace(/\n+$/u, '');
      return isWindows ? text.replaceAll('\n', '\r\n') : text;
    });
}
