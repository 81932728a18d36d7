// fast-check generators of config files with profiles that can be adopted, among everything else a real file may have.
import * as fc from 'fast-check';
import type { ForeignSession } from '../../src/aws-config/adoption/session-book.ts';
import { parseConfigDocument } from '../../src/aws-config/document/document.ts';
import { configText } from './config-text.ts';

/** The sessions in the settings of aws-sso-cli. */
export const AWS_SSO: readonly ForeignSession[] = [
  { name: 'Default', startUrl: 'https://d-1234567890.awsapps.com/start', region: 'us-east-1' },
];
const CORP = '[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n';

/** Texts that AWS clients can read. */
export function adoptionText(): fc.Arbitrary<string> {
  return fc
    .tuple(configText(8), fc.array(profileText(), { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([around, profiles, newline, hasEnd]) => {
      const sections = profiles.map((body, index) => `[profile p${index}]\n${body}\n`).join('');
      const whole = around + `\n${CORP}${sections}`.replaceAll('\n', newline);
      return hasEnd ? whole : whole.replace(/[\r\n]+$/, '');
    })
    .filter((text) => parseConfigDocument(text, 'config').problems.length === 0);
}

/** Profiles of every kind, mixed with other keys, comments and blank lines. */
function profileText(): fc.Arbitrary<string> {
  const noise = fc.constantFrom(
    '',
    '# note',
    '; note',
    'region = eu-west-1',
    's3 =\n  addressing_style = path',
    'output=json',
    'services = local',
  );
  const kinds = fc.constantFrom(
    ['sso_session = corp', 'sso_account_id = 111111111111', 'sso_role_name = Dev'],
    [
      'sso_start_url=https://acme.awsapps.com/start',
      'sso_region=us-east-1',
      'sso_account_id=111111111111',
      'sso_role_name=Dev',
    ],
    ['credential_process = aws-sso -S "Default" process --arn arn:aws:iam::044444444444:role/ReadOnly'],
    [
      'granted_sso_start_url = https://acme.awsapps.com/start',
      'granted_sso_region = us-east-1',
      'granted_sso_account_id = 111111111111',
      'granted_sso_role_name = Dev',
      'credential_process = granted credential-process --profile p0',
    ],
    ['credential_process = aws-vault exec p1 --json'],
    ['role_arn = arn:aws:iam::111111111111:role/x', 'source_profile = p0'],
    ['credential_process = /bin/own'],
  );
  return fc
    .tuple(kinds, fc.array(noise, { maxLength: 5 }), fc.constantFrom('', '\t', '  '), fc.infiniteStream(fc.nat()))
    .map(([keys, others, indent, places]) => {
      const lines: string[] = [...keys];
      const used = new Set<string>();
      for (const other of others) {
        const key = other.split(/[ =]/)[0] ?? '';
        if (/^[a-z]/.test(key) && used.has(key)) continue;
        used.add(key);
        lines.splice(Number(places.next().value) % (lines.length + 1), 0, other);
      }
      return lines
        .map((line) =>
          line
            .split('\n')
            .map((part) => indent + part)
            .join('\n'),
        )
        .join('\n');
    });
}
