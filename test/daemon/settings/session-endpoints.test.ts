// Which endpoints a session uses: its own settings, the AWS config file, the start URL and the environment, in this order.
import { describe, expect, test } from 'vitest';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import { readSsoSessions } from '../../../src/aws-config/sessions/sso-sessions.ts';
import { createSessionEndpoints } from '../../../src/daemon/settings/session-endpoints.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';

const IPV4 = 'https://d-1234567890.awsapps.com/start';
const DUALSTACK = 'https://ssoins-1234567890abcdef.portal.us-east-1.app.aws';
const LINK = 'https://vpce-1.oidc.us-east-1.vpce.amazonaws.com';

interface Setup {
  readonly settings?: string;
  readonly team?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Lines of `[default]`. */
  readonly defaults?: string;
  /** Lines of `[sso-session work]`. */
  readonly section?: string;
  readonly startUrl?: string;
  readonly region?: string;
}

async function setUp({ settings = '', team, environment = {}, defaults = '', section = '', ...setup }: Setup) {
  const { startUrl = IPV4, region = 'us-east-1' } = setup;
  const of = (name: string, more: string) =>
    `[sso-session ${name}]\nsso_start_url = ${startUrl}\nsso_region = ${region}\n${more}\n`;
  const document = parseConfigDocument(`[default]\n${defaults}\n${of('work', section)}${of('home', '')}`, '/config');
  const { sessions, problems } = readSsoSessions(document);
  const parsed = await parseSettings({
    path: '/config.toml',
    text: settings,
    environment,
    ...(team === undefined ? {} : { team: { path: '/team.toml', text: team } }),
  });
  const endpoints = createSessionEndpoints({ settings: parsed, environment });
  const [work, home] = sessions;
  if (work === undefined || home === undefined) throw new Error('the sessions cannot be read');
  return { ...endpoints, work, home, problems };
}

const endpointsOfBoth = async (setup: Setup) => {
  const { endpointsOf, work, home } = await setUp(setup);
  return [endpointsOf(work), endpointsOf(home)];
};

describe('a custom endpoint', () => {
  test('of one session does not capture the others', async () => {
    const settings = `[session.work.endpoints]\nsso_oidc = "${LINK}"\n`;
    expect(await endpointsOfBoth({ settings })).toEqual([{ ssoOidc: LINK }, {}]);
  });

  test('of a session wins over the one for all, service by service, and that one over the variables', async () => {
    const settings = [
      '[endpoints]\nsso_oidc = "https://all.example"\nsso = "https://all.example"',
      `[session.work.endpoints]\nsso_oidc = "${LINK}"\n`,
    ].join('\n');
    const environment = { AWS_ENDPOINT_URL_SSO: 'https://env.example', AWS_ENDPOINT_URL_STS: 'https://env.example' };
    expect(await endpointsOfBoth({ settings, environment })).toEqual([
      { ssoOidc: LINK, sso: 'https://all.example', sts: 'https://env.example' },
      { ssoOidc: 'https://all.example', sso: 'https://all.example', sts: 'https://env.example' },
    ]);
  });

  test.each(['http://intranet.example', 'https://user:hunter2@host.example', 'no URL'])(
    'is refused with the name of its setting: %s',
    async (url) => {
      const settings = `[session."my work".endpoints]\nsso = "${url}"\n`;
      await expect(setUp({ settings })).rejects.toMatchObject({
        code: 'settings-invalid',
        message: expect.stringMatching(
          /config\.toml, line 2: The endpoint in session\.my work\.endpoints\.sso (?!.*hunter2)/,
        ),
      });
    },
  );

  test('of STS may be a container of tests without https, the only one that does not end the daemon', async () => {
    const url = 'http://localstack:4566';
    expect(await endpointsOfBoth({ environment: { AWS_ENDPOINT_URL_STS: url } })).toEqual([{ sts: url }, { sts: url }]);
    expect(await endpointsOfBoth({ settings: `[endpoints]\nsts = "${url}"\n` })).toEqual([{ sts: url }, { sts: url }]);
    await expect(setUp({ environment: { AWS_ENDPOINT_URL_SSO: url } })).rejects.toMatchObject({
      message: `The endpoint in AWS_ENDPOINT_URL_SSO names ${url}; it must be https, or http on this machine.`,
    });
    await expect(setUp({ environment: { AWS_ENDPOINT_URL_STS: 'localstack:4566' } })).rejects.toThrow(
      /^The endpoint in AWS_ENDPOINT_URL_STS /,
    );
  });

  test('an unknown key names its line and the key that was meant', async () => {
    await expect(setUp({ settings: '[session.work.endpoints]\nsso_odic = "https://a"\n' })).rejects.toMatchObject({
      message: '/config.toml, line 2: unknown key "sso_odic". Did you mean "sso_oidc"?',
    });
  });

  test('cannot come from a team file', async () => {
    const team =
      '[session.work]\nstart_url = "https://a.awsapps.com/start"\nregion = "us-east-1"\n' +
      '[session.work.endpoints]\nsso = "https://evil.example"\n';
    await expect(setUp({ team })).rejects.toMatchObject({
      message: expect.stringMatching(/^\/team\.toml, line \d+: unknown key "endpoints"/),
    });
  });
});

describe('FIPS and dual-stack', () => {
  const settings = '[session.work]\nuse_dualstack_endpoint = false\n';
  const section = 'use_dualstack_endpoint = true';
  const environment = { AWS_USE_DUALSTACK_ENDPOINT: 'true' };
  const defaults = 'use_dualstack_endpoint = true';
  const on = { useDualstack: true };

  test.each<readonly [string, Setup, object, object]>([
    ['the settings win over the section', { settings, section }, {}, {}],
    ['the section wins over the variable', { section: 'use_dualstack_endpoint = false', environment }, {}, on],
    ['the section counts for its session alone', { section }, on, {}],
    ['the variable wins over [default]', { environment: { AWS_USE_DUALSTACK_ENDPOINT: 'false' }, defaults }, {}, {}],
    ['[default] counts for all', { defaults: 'use_fips_endpoint = TRUE' }, { useFips: true }, { useFips: true }],
    ['a dual-stack portal needs it', { startUrl: DUALSTACK }, on, on],
    [
      'a general "false" does not turn that off',
      {
        startUrl: DUALSTACK,
        environment: { AWS_USE_DUALSTACK_ENDPOINT: 'false' },
        defaults: 'use_dualstack_endpoint = false',
      },
      on,
      on,
    ],
    ['one for the session does', { startUrl: DUALSTACK, settings }, {}, on],
    ['another word in the variable is ignored', { environment: { AWS_USE_FIPS_ENDPOINT: 'yes' } }, {}, {}],
    [
      'an IPv4 portal with a region does not need it',
      { startUrl: 'https://ssoins-1.us-east-1.portal.amazonaws.com' },
      {},
      {},
    ],
    ['nor does another host with that label', { startUrl: 'https://portal.us-east-1.app.aws.example.com' }, {}, {}],
  ])('%s', async (_, setup, work, home) => {
    expect(await endpointsOfBoth(setup)).toEqual([work, home]);
  });

  test.each([
    ['us-east-1', DUALSTACK],
    ['cn-north-1', 'https://ssoins-1.portal.cn-north-1.app.amazonwebservices.com.cn'],
    ['eusc-de-east-1', 'https://ssoins-1.portal.eusc-de-east-1.api.amazonwebservices.eu'],
    ['us-gov-west-1', 'https://ssoins-1.portal.us-gov-west-1.app.aws/start#/'],
  ])('dual-stack portals of %s are known', async (region, startUrl) => {
    const { endpointsOf, work } = await setUp({ region, startUrl });
    expect(endpointsOf(work)).toEqual(on);
  });

  test('a team file may choose them, because both are AWS’s', async () => {
    const team = `[session.work]\nstart_url = "${IPV4}"\nregion = "us-east-1"\nuse_fips_endpoint = true\n`;
    expect(await endpointsOfBoth({ team })).toEqual([{ useFips: true }, {}]);
  });

  test('a value that is neither true nor false is reported with its line, and the session stays usable', async () => {
    const { problems, endpointsOf, work } = await setUp({ section: 'use_fips_endpoint = yes' });
    expect(problems).toEqual([
      { line: 6, reason: '[sso-session work] has a use_fips_endpoint that is neither true nor false' },
    ]);
    expect(endpointsOf(work)).toEqual({});
  });
});

describe('what status shows', () => {
  test('nothing for AWS’s default endpoints, also with FIPS where they are the FIPS ones', async () => {
    const { describe: show, work } = await setUp({ section: 'use_fips_endpoint = true', region: 'us-gov-west-1' });
    expect(show(work)).toEqual([]);
  });

  test('the host of each service, and what set it', async () => {
    const { describe: show, work } = await setUp({
      startUrl: DUALSTACK,
      environment: { AWS_USE_FIPS_ENDPOINT: 'true' },
    });
    const shared = {
      kind: 'fips-dualstack',
      setBy: 'AWS_USE_FIPS_ENDPOINT when the daemon started and its start URL',
    };
    expect(show(work)).toEqual([
      { service: 'oidc', url: 'https://oidc-fips.us-east-1.api.aws/', ...shared },
      { service: 'portal', url: 'https://portal.sso-fips.us-east-1.api.aws/', ...shared },
      { service: 'sts', url: 'https://sts-fips.us-east-1.api.aws/', ...shared },
    ]);
  });

  test('a custom endpoint of the session, which FIPS does not change', async () => {
    const settings = `[session."my.work".endpoints]\nsso_oidc = "${LINK}"\n`;
    const { describe: show, work } = await setUp({ settings, section: 'use_fips_endpoint = true' });
    const session = { ...work, sessionName: 'my.work' };
    expect(show(session).map(({ service, url, kind, setBy }) => [service, url, kind, setBy])).toEqual([
      ['oidc', LINK, 'custom', '[session."my.work".endpoints] in the settings'],
      [
        'portal',
        'https://portal.sso-fips.us-east-1.amazonaws.com/',
        'fips',
        'use_fips_endpoint of [sso-session my.work]',
      ],
      ['sts', 'https://sts-fips.us-east-1.amazonaws.com/', 'fips', 'use_fips_endpoint of [sso-session my.work]'],
    ]);
  });
});

describe('a note', () => {
  test('says that FIPS has no effect on a custom endpoint', async () => {
    const settings = `[session.work.endpoints]\nsso_oidc = "${LINK}"\n`;
    const setup = { settings, startUrl: DUALSTACK, environment: { AWS_USE_FIPS_ENDPOINT: 'true' } };
    const { findNotes, work, home } = await setUp(setup);
    expect(findNotes(work)).toEqual([
      {
        code: 'settings-without-effect',
        message: `AWS_USE_FIPS_ENDPOINT when the daemon started: no effect on ${LINK}, which work uses instead of AWS's endpoints.`,
        hint: 'rolecall doctor',
        session: 'work',
      },
    ]);
    expect(findNotes(home)).toEqual([]);
  });
});
