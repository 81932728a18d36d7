// Reading sso-sessions, native SSO profiles and the CA bundle; unusable sections become problems with lines.
import { describe, expect, it } from 'vitest';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import { readCaBundle, readNativeSsoProfiles, readSsoSessions } from '../../../src/aws-config/sessions/sso-sessions.ts';
import { planFor, sessionSection } from '../builders.ts';

const parse = (text: string) => parseConfigDocument(text, '/home/taylor/.aws/config');

describe('sso-sessions', () => {
  it('name the partition of their start URL if the region is in another one', () => {
    const section = (region: string) =>
      `[sso-session s]\nsso_start_url = https://start.home.awsapps.cn/directory/d-1\nsso_region = ${region}\n`;
    expect(readSsoSessions(parse(section('us-east-1'))).problems).toEqual([
      {
        line: 3,
        reason: '[sso-session s] has the sso_region us-east-1, but its start URL is a portal in the partition aws-cn',
      },
    ]);
    expect(readSsoSessions(parse(section('cn-northwest-1'))).problems).toEqual([]);
  });

  it.each([
    ['https://ssoins-1.portal.us-east-2.app.aws', 'us-east-2'],
    ['https://ssoins-1.us-west-2.portal.amazonaws.com/', 'us-west-2'],
    ['https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/d-1', 'us-gov-west-1'],
  ])('name the region of their start URL if that differs: %s', (startUrl, named) => {
    const section = (region: string) => `[sso-session s]\nsso_start_url = ${startUrl}\n${region}`;
    expect(readSsoSessions(parse(section('sso_region = us-east-1\n')))).toEqual({
      sessions: [expect.objectContaining({ sessionName: 's', region: 'us-east-1' })],
      problems: [
        {
          line: 3,
          reason: `[sso-session s] has the sso_region us-east-1, but its start URL is a portal in ${named}`,
        },
      ],
    });
    expect(readSsoSessions(parse(section(`sso_region = ${named.toUpperCase()}\n`))).problems).toEqual([]);
    expect(readSsoSessions(parse(section('')))).toEqual({
      sessions: [],
      problems: [{ line: 1, reason: `[sso-session s] has no sso_region; its start URL names ${named}` }],
    });
  });

  it('are read in file order, start URL and name exactly as written', () => {
    const text = [
      '[sso-session "Corp Ü"] # work',
      'sso_start_url = https://corp.awsapps.com/start/',
      'sso_region=eu-central-1',
      'sso_registration_scopes = sso:account:access, codewhisperer:completions',
      '[sso-session b]',
      'sso_region = us-east-1',
      'sso_start_url = https://d-1234567890.awsapps.com/start#/',
      '[sso-session c]',
      'sso_region = us-east-1',
      'sso_start_url = https://c.awsapps.com/start',
      'sso_registration_scopes = other:scope',
    ].join('\n');
    expect(readSsoSessions(parse(text))).toEqual({
      sessions: [
        {
          sessionName: 'Corp Ü',
          startUrl: 'https://corp.awsapps.com/start/',
          region: 'eu-central-1',
          registrationScopes: ['sso:account:access', 'codewhisperer:completions'],
        },
        {
          sessionName: 'b',
          startUrl: 'https://d-1234567890.awsapps.com/start#/',
          region: 'us-east-1',
          registrationScopes: ['sso:account:access'],
        },
        {
          sessionName: 'c',
          startUrl: 'https://c.awsapps.com/start',
          region: 'us-east-1',
          registrationScopes: ['sso:account:access', 'other:scope'],
        },
      ],
      problems: [],
    });
  });

  it.each([
    ['no start URL', '[sso-session s]\nsso_region = a\n', 1, '[sso-session s] has no sso_start_url'],
    ['no region', '[sso-session s]\nsso_start_url = https://a\n', 1, '[sso-session s] has no sso_region'],
    [
      'an empty region',
      '[sso-session s]\nsso_start_url = https://a\nsso_region =\n',
      1,
      '[sso-session s] has no sso_region',
    ],
    [
      'a start URL that is none',
      '[sso-session s]\nsso_region = a\nsso_start_url = javascript:alert(1)\n',
      3,
      '[sso-session s] has an sso_start_url that is not a valid URL',
    ],
    [
      'a start URL over two lines',
      '[sso-session s]\nsso_region = a\nsso_start_url = https://a\n  b\n',
      3,
      '[sso-session s] has an sso_start_url that is not a valid URL',
    ],
    [
      'a region that is another host',
      '[sso-session s]\nsso_start_url = https://a\nsso_region = evil.example/\n',
      3,
      '[sso-session s] has an sso_region that is not a region',
    ],
    [
      'a name with a control character',
      '[sso-session "a\u001b[31m"]\nsso_start_url = https://a\nsso_region = a\n',
      1,
      'the name of this sso-session is empty or has a control character',
    ],
  ])('with %s are problems, not sessions', (_, text, line, reason) => {
    expect(readSsoSessions(parse(text))).toEqual({ sessions: [], problems: [{ line, reason }] });
  });

  it('are still read from a file that botocore refuses', () => {
    const document = parse(
      `${sessionSection()}[profile a]\nnonsense\n[sso-session my-sso-session]\nsso_region = eu-west-1\n`,
    );
    expect(document.problems).toHaveLength(3);
    expect(readSsoSessions(document)).toMatchObject({
      sessions: [{ sessionName: 'my-sso-session', region: 'eu-west-1' }],
      problems: [],
    });
  });

  it('with the same name, once quoted and once not, resolve to the later one', () => {
    const { sessions } = readSsoSessions(parse(sessionSection('s', 'us-east-1') + sessionSection('"s"', 'eu-west-1')));
    expect(sessions.map(({ sessionName, region }) => [sessionName, region])).toEqual([['s', 'eu-west-1']]);
  });
});

describe('native SSO profiles', () => {
  it('are listed with their form and whether rolecall wrote them', () => {
    const hand = [
      '[default]',
      'sso_session = my-sso-session',
      '[profile account1]',
      'sso_session = my-sso-session',
      'sso_account_id = 111111111111',
      'sso_role_name = Admin-AF-Permission-Set',
      '[profile legacy]',
      'sso_start_url = https://old.awsapps.com/start/',
      'sso_region = us-west-2',
      'sso_account_id = 111111111111',
      'sso_role_name = Admin',
      '[profile process]',
      'credential_process = /bin/true',
      '[profile half]',
      'sso_start_url = https://old.awsapps.com/start/',
      sessionSection(),
    ].join('\n');
    const { text } = planFor(hand, { settings: { style: 'sso' } });
    expect(readNativeSsoProfiles(parse(text))).toEqual([
      { profileName: 'default', line: 1, writtenBy: 'hand', form: 'sso-session', sessionName: 'my-sso-session' },
      { profileName: 'account1', line: 3, writtenBy: 'hand', form: 'sso-session', sessionName: 'my-sso-session' },
      {
        profileName: 'legacy',
        line: 7,
        writtenBy: 'hand',
        form: 'legacy',
        startUrl: 'https://old.awsapps.com/start/',
        region: 'us-west-2',
      },
      {
        profileName: 'taylor.Admin',
        line: 26,
        writtenBy: 'rolecall',
        form: 'sso-session',
        sessionName: 'my-sso-session',
      },
    ]);
  });

  it('all count as hand-written when our markers are broken', () => {
    const document = parse('# >>> rolecall >>>\n[profile a]\nsso_session = s\n');
    expect(readNativeSsoProfiles(document)).toEqual([
      { profileName: 'a', line: 2, writtenBy: 'hand', form: 'sso-session', sessionName: 's' },
    ]);
  });
});

describe('the CA bundle', () => {
  it('is the one of [default], as written', () => {
    expect([
      readCaBundle(parse('[default]\nca_bundle = ~/corp.pem\n')),
      readCaBundle(parse('[default]\nca_bundle =\n')),
      readCaBundle(parse('[profile a]\nca_bundle = /x\n')),
    ]).toEqual(['~/corp.pem', undefined, undefined]);
  });
});
