// The hosts that a sign-in contacts, for each kind of start URL and setting, as a proxy sees them. docs/settings.md has the table.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../../src/emulator/emulator.ts';
import { AT_ONCE } from '../../helpers/approval.ts';
import { startConnectProxy, type ConnectProxy } from '../../helpers/connect-proxy.ts';
import { createPrivateCa } from '../../helpers/private-ca.ts';
import { createRig, type Rig } from '../../helpers/rig.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const LINK = 'https://identity.example.com';

interface Kind {
  /** The first cell of its row in docs/settings.md. */
  readonly row: string;
  readonly session: string;
  readonly region: string;
  readonly startUrl: string;
  /** Where the start URL leads, if that is somewhere else. */
  readonly leadsTo?: string;
  /** More lines of the sso-session. */
  readonly section?: string;
}

const KINDS: readonly Kind[] = [
  {
    row: 'IPv4 portal, `d-1234567890.awsapps.com`',
    session: 'plain',
    region: 'us-east-1',
    startUrl: 'https://d-1234567890.awsapps.com/start',
  },
  {
    row: 'dual-stack portal, `ssoins-….portal.eu-west-1.app.aws`',
    session: 'dualstack',
    region: 'eu-west-1',
    startUrl: 'https://ssoins-1234567890abcdef.portal.eu-west-1.app.aws',
  },
  {
    row: '`use_fips_endpoint = true`',
    session: 'fips',
    region: 'us-east-2',
    startUrl: 'https://d-2345678901.awsapps.com/start',
    section: 'use_fips_endpoint = true',
  },
  {
    row: 'dual-stack portal and `use_fips_endpoint = true`',
    session: 'both',
    region: 'us-west-2',
    startUrl: 'https://ssoins-2345678901abcdef.portal.us-west-2.app.aws',
    section: 'use_fips_endpoint = true',
  },
  {
    row: 'GovCloud, also with `use_fips_endpoint = true`',
    session: 'gov',
    region: 'us-gov-west-1',
    startUrl: 'https://start.us-gov-home.awsapps.com/directory/d-3456789012',
    section: 'use_fips_endpoint = true',
  },
  {
    row: 'China',
    session: 'china',
    region: 'cn-north-1',
    startUrl: 'https://start.home.awsapps.cn/directory/d-4567890123',
  },
  {
    row: 'European Sovereign Cloud',
    session: 'eusc',
    region: 'eusc-de-east-1',
    startUrl: 'https://ssoins-5678901234abcdef.eusc-de-east-1.portal.amazonaws.eu',
  },
  {
    row: 'isolated partition',
    session: 'iso',
    region: 'us-iso-east-1',
    startUrl: 'https://start.home.example.ic.gov/start',
  },
  {
    row: "a company's own start URL that leads to a dual-stack portal",
    session: 'company',
    region: 'eu-central-1',
    startUrl: 'https://aws.example.com/start',
    leadsTo: 'https://ssoins-6789012345abcdef.portal.eu-central-1.app.aws',
  },
  {
    row: '`[session.link.endpoints]`, `https://identity.example.com` for all three',
    session: 'link',
    region: 'ap-southeast-2',
    startUrl: 'https://d-7890123456.awsapps.com/start',
  },
  {
    row: 'another session beside it',
    session: 'beside',
    region: 'ap-southeast-2',
    startUrl: 'https://d-8901234567.awsapps.com/start',
  },
];

const sectionOf = ({ session, startUrl, region, section = '' }: Kind) =>
  `[sso-session ${session}]\nsso_start_url = ${startUrl}\nsso_region = ${region}\n${section}\n`;

const home = createTemporaryHome();
const ca = createPrivateCa(home.path);
let emulator: Emulator;
let proxy: ConnectProxy;
let company: Server;
let rig: Rig;

/** `host → hosts` of the table in docs/settings.md, by its first cell. */
const documented = new Map(
  [...readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8').matchAll(/^\| (.+) \|$/gm)].map(
    ([, line = '']) => {
      const [first = '', ...cells] = line.split(' | ');
      return [first, cells.map((cell) => cell.replaceAll('`', ''))] as const;
    },
  ),
);

beforeAll(async () => {
  const names = [...documented].flatMap(([row, cells]) => (KINDS.some((kind) => kind.row === row) ? cells : []));
  emulator = createEmulator(AT_ONCE);
  const { port } = await emulator.listen(0, '127.0.0.1', ca.issue([...names, 'oidc.eu-central-1.amazonaws.com']));
  company = createServer(ca.issue(['aws.example.com']), (request, response) => {
    const leadsTo = KINDS.find(({ startUrl }) => startUrl === `https://${request.headers.host}${request.url}`)?.leadsTo;
    response.writeHead(leadsTo === undefined ? 404 : 302, { location: leadsTo ?? '/' }).end();
  });
  await new Promise<void>((resolve) => company.listen(0, '127.0.0.1', resolve));
  proxy = await startConnectProxy({
    leadTo: (target) => ({
      host: '127.0.0.1',
      port: target === 'aws.example.com:443' ? (company.address() as AddressInfo).port : port,
    }),
  });
  rig = await createRig({
    config: KINDS.map(sectionOf).join('\n'),
    settings: `[network]\nproxy = "${proxy.url}"\nca_bundle = "${ca.path}"\n[session.link.endpoints]\nsso_oidc = "${LINK}"\nsso = "${LINK}"\nsts = "${LINK}"\n`,
    environment: { AWS_ENDPOINT_URL_SSO_OIDC: '', AWS_ENDPOINT_URL_SSO: '', AWS_ENDPOINT_URL_STS: '' },
    checksUsers: true,
  });
});

afterAll(async () => {
  await rig.remove();
  await proxy.close();
  await emulator.close();
  company.closeAllConnections();
  company.close();
  await home.remove();
});

describe('a sign-in contacts', () => {
  test.each(KINDS)('$row', async ({ row, session, region, startUrl, leadsTo }) => {
    emulator.directory.replace({ ...emulator.directory.toDocument(), startUrl: leadsTo ?? startUrl, region });
    const seen = proxy.targets.length;
    const contacted = () => [...new Set(proxy.targets.slice(seen).map((target) => target.replace(/:443$/, '')))];
    const hosts = new Set(documented.get(row));
    const expected = [...(leadsTo === undefined ? [] : [new URL(startUrl).host]), ...hosts];
    const { exitCode, stderr } = await rig.runCli(['login', session, '--yes']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    // Asked of STS once a role is known, which `login` need not wait for.
    await waitFor(`the user of ${session}`, async () =>
      (await rig.client.call('status', {})).sessions.some(
        (known) => known.session === session && known.user !== undefined,
      ),
    );
    expect(contacted()).toEqual(expected);
    const named = stderr.includes('Note: this sign-in uses ') || stderr.includes('Warning: this sign-in goes to ');
    expect(named).toBe(['dualstack', 'fips', 'both', 'link'].includes(session));
  });
});

describe('endpoints that are not the default ones', () => {
  test('are named by status, with what set them', async () => {
    const { stdout } = await rig.runCli(['status']);
    expect(stdout.split('\n').filter((line) => line.startsWith('Endpoint'))).toEqual([
      `Endpoint  SSO OIDC, the SSO portal, STS at ${LINK} (from the settings of link, not AWS's own)`,
      "Endpoint  dualstack: oidc.eu-west-1.api.aws, AWS's dual-stack endpoint (set by its start URL)",
      "Endpoint  fips: oidc-fips.us-east-2.amazonaws.com, AWS's FIPS endpoint (set by use_fips_endpoint of [sso-session fips])",
      "Endpoint  both: oidc-fips.us-west-2.api.aws, AWS's FIPS and dual-stack endpoint (set by use_fips_endpoint of [sso-session both] and its start URL)",
    ]);
  });

  test('need consent in a terminal only for the session whose sign-in they would relay', async () => {
    const start = (session: string) => rig.client.call('startSignIn', { session, body: { force: true } });
    await expect(start('link')).rejects.toMatchObject({ code: 'endpoint-not-accepted' });
    expect(await start('beside')).toMatchObject({ state: 'pending' });
  });
});

test.each([
  ['plain', 'oidc.us-east-1.amazonaws.com'],
  ['dualstack', 'oidc.eu-west-1.api.aws'],
  ['both', 'oidc-fips.us-west-2.api.aws'],
  ['company', 'oidc.eu-central-1.api.aws'],
])('the browser is sent to the endpoint that the sign-in uses: %s', async (session, host) => {
  const body = { flow: 'pkce', force: true } as const;
  const { verificationUri = '', openUri } = await rig.client.call('startSignIn', { session, body });
  expect(verificationUri.split('?')[0]).toBe(`https://${host}/authorize`);
  expect(openUri).toBe(verificationUri);
  await rig.client.call('cancelSignIn', { session });
});

test('the browser is not sent to an endpoint that is not AWS’s', async () => {
  const body = { flow: 'pkce', force: true, acceptEndpoint: true } as const;
  const started = await rig.client.call('startSignIn', { session: 'link', body });
  expect(started).toMatchObject({ verificationUri: expect.stringContaining(`${LINK}/authorize?`) });
  expect(started).not.toHaveProperty('openUri');
});

test('endpoints that are not the default ones are checked and named by doctor', async () => {
  // Every session adds up to three checks, which run at the same time in this process and have ten seconds.
  const few = KINDS.filter(({ session }) => ['dualstack', 'link', 'beside'].includes(session));
  writeFileSync(rig.configPath, few.map(sectionOf).join('\n'));
  const { stdout } = await rig.runCli(['doctor']);
  expect(stdout).toContain("; dualstack uses oidc.eu-west-1.api.aws, AWS's dual-stack endpoint (set by its start URL)");
  expect(stdout).toContain(`; link uses ${LINK} (set by [session.link.endpoints] in the settings)`);
  const { endpoints } = await rig.client.call('reach', {});
  const checked = endpoints.map(({ url, sessions, state }) => [new URL(url).host, sessions, state]);
  expect(checked).toContainEqual(['oidc.eu-west-1.api.aws', ['dualstack'], 'reached']);
  expect(checked).toContainEqual(['identity.example.com', ['link'], 'reached']);
  expect(checked).toContainEqual(['oidc.ap-southeast-2.amazonaws.com', ['beside'], 'reached']);
});
