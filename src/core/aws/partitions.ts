// AWS's partitions and their hosts: the only list of the hosts that rolecall asks, and whose pages it opens.

/**
 * In a host, `*` is any one label, and `{region}` a region of the partition.
 *
 * Sources, as of 2026-11-30:
 * - regions and suffixes: partitions.json of the AWS SDKs (compared with the installed SDK by a test)
 * - portals: the hosts that the AWS CLI takes for AWS's own in `aws sso login` (2.36.7), and AWS's user guides for
 *   GovCloud and China
 * - approval: the verification URIs that SSO OIDC has answered with since 2019, and the sign-in domain of 2020-11
 * - consoles: AWS's user guide of IAM, "Enable custom identity broker access to the AWS console". The isolated
 *   partitions have no published hosts of portals and consoles.
 */
export interface Partition {
  readonly name: string;
  /** What the names of its regions start with; empty for all that no other partition has. */
  readonly regionPrefix: string;
  readonly dnsSuffix: string;
  readonly dualStackDnsSuffix: string;
  /** The access portals, where start URLs lead. */
  readonly portals: readonly string[];
  /** Other pages where a user signs in or enters a code. */
  readonly approval: readonly string[];
  readonly console?: {
    /** The part of its host names after `console.` and `signin.`. */
    readonly domain: string;
    /** The region whose sign-in host has no region in its name. */
    readonly homeRegion: string;
  };
}

/** The partition `aws` is the last one, because it has every region that no other has. */
export const PARTITIONS: readonly Partition[] = [
  {
    name: 'aws-cn',
    regionPrefix: 'cn-',
    dnsSuffix: 'amazonaws.com.cn',
    dualStackDnsSuffix: 'api.amazonwebservices.com.cn',
    portals: [
      '*.awsapps.cn',
      'start.home.awsapps.cn',
      'start.{region}.home.awsapps.cn',
      '*.{region}.portal.amazonaws.com.cn',
      '*.portal.{region}.app.amazonwebservices.com.cn',
      'identitycenter.amazonaws.com.cn',
    ],
    approval: ['device.sso.{region}.amazonaws.com.cn'],
    console: { domain: 'amazonaws.cn', homeRegion: 'cn-north-1' },
  },
  {
    name: 'aws-us-gov',
    regionPrefix: 'us-gov-',
    dnsSuffix: 'amazonaws.com',
    dualStackDnsSuffix: 'api.aws',
    portals: [
      'start.us-gov-home.awsapps.com',
      'start.{region}.us-gov-home.awsapps.com',
      '*.{region}.portal.amazonaws.com',
      '*.portal.{region}.app.aws',
      'identitycenter.us-gov.amazonaws.com',
    ],
    approval: ['device.sso.{region}.amazonaws.com', '{region}.signin.aws'],
    console: { domain: 'amazonaws-us-gov.com', homeRegion: 'us-gov-west-1' },
  },
  {
    name: 'aws-eusc',
    regionPrefix: 'eusc-',
    dnsSuffix: 'amazonaws.eu',
    dualStackDnsSuffix: 'api.amazonwebservices.eu',
    portals: [
      '*.{region}.portal.amazonaws.eu',
      '*.portal.{region}.api.amazonwebservices.eu',
      'identitycenter.amazonaws.eu',
    ],
    approval: [],
    console: { domain: 'amazonaws-eusc.eu', homeRegion: 'eusc-de-east-1' },
  },
  isolated('aws-iso', 'us-iso-', 'c2s.ic.gov', 'api.aws.ic.gov'),
  isolated('aws-iso-b', 'us-isob-', 'sc2s.sgov.gov', 'api.aws.scloud'),
  isolated('aws-iso-e', 'eu-isoe-', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'),
  isolated('aws-iso-f', 'us-isof-', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'),
  {
    name: 'aws',
    regionPrefix: '',
    dnsSuffix: 'amazonaws.com',
    dualStackDnsSuffix: 'api.aws',
    portals: [
      '*.awsapps.com',
      '*.{region}.portal.amazonaws.com',
      '*.portal.{region}.app.aws',
      'identitycenter.amazonaws.com',
    ],
    approval: ['device.sso.{region}.amazonaws.com', 'signin.aws', '{region}.signin.aws'],
    console: { domain: 'aws.amazon.com', homeRegion: 'us-east-1' },
  },
];

const REGION = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;
const UNKNOWN_ISOLATED = /^[a-z]{2}-iso/;
/** Not an internationalized name: AWS gives out none, and they can look like others. */
const LABEL = /^(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** The partition of a region; undefined for anything that is not a region name. */
export function findPartition(region: string): Partition | undefined {
  if (!REGION.test(region)) return undefined;
  const partition = PARTITIONS.find(({ regionPrefix }) => region.startsWith(regionPrefix));
  return partition?.regionPrefix === '' && UNKNOWN_ISOLATED.test(region) ? undefined : partition;
}

/** The partition of a region as ARNs have it; `aws` for what is not a region name. */
export function partitionNameOf(region: string): string {
  return findPartition(region.toLowerCase())?.name ?? 'aws';
}

/** The partition that has the access portal `host`, and the region in its name. */
export function findPortal(host: string): { readonly partition: Partition; readonly region?: string } | undefined {
  for (const partition of PARTITIONS) {
    for (const pattern of partition.portals) {
      const match = matchHost(host, pattern, partition);
      if (match !== undefined) return { partition, ...match };
    }
  }
  return undefined;
}

/** The partitions of a start URL and a region that do not belong together; undefined if they do, or if either is unknown. */
export function findPartitionMismatch(
  startUrl: string,
  region: string,
): { readonly ofStartUrl: string; readonly ofRegion: string } | undefined {
  const portal = URL.canParse(startUrl) ? findPortal(new URL(startUrl).hostname)?.partition : undefined;
  const partition = findPartition(region);
  if (portal === undefined || partition === undefined || portal === partition) return undefined;
  return { ofStartUrl: portal.name, ofRegion: partition.name };
}

/**
 * Whether the AWS CLI takes `host` for an access portal of AWS, in any partition. Wider than the portals of the table:
 * everything under the part of a pattern that is fixed.
 */
export function isAwsHost(host: string): boolean {
  return PARTITIONS.some(({ portals }) =>
    portals.some((pattern) => {
      const fixed = /[^*}]*$/.exec(pattern)?.[0] ?? '';
      return fixed.startsWith('.') ? host.endsWith(fixed) : host === fixed;
    }),
  );
}

/**
 * True for an https start URL on a company's own host. False in a region whose portals AWS does not publish, and under
 * AWS's domains, where it may have portals that are not in the table yet.
 */
export function isCompanyStartUrl(startUrl: string, region: string | undefined): boolean {
  if (!URL.canParse(startUrl)) return false;
  const { protocol, hostname } = new URL(startUrl);
  if (protocol !== 'https:' || isAwsHost(hostname)) return false;
  if (region !== undefined && (findPartition(region)?.portals ?? []).length === 0) return false;
  const domains = PARTITIONS.flatMap(({ dnsSuffix, dualStackDnsSuffix }) => [dnsSuffix, dualStackDnsSuffix]);
  return ![...domains, 'aws'].some((domain) => hostname.endsWith(`.${domain}`));
}

/** True if the partition has a page at `host` on which users sign in or approve a sign-in. */
export function hasApprovalPage({ portals, approval, ...partition }: Partition, host: string): boolean {
  return [...portals, ...approval].some((pattern) => matchHost(host, pattern, partition) !== undefined);
}

/** The hosts of one of its services in a region: plain, FIPS, and both with dual-stack. */
export function serviceHosts(partition: Partition, service: string, region: string): string[] {
  const { dnsSuffix, dualStackDnsSuffix } = partition;
  return [service, `${service}-fips`].flatMap((prefix) =>
    [dnsSuffix, dualStackDnsSuffix].map((suffix) => `${prefix}.${region}.${suffix}`),
  );
}

function matchHost(
  host: string,
  pattern: string,
  { regionPrefix }: Pick<Partition, 'regionPrefix'>,
): { readonly region?: string } | undefined {
  const labels = host.split('.');
  const expected = pattern.split('.');
  if (labels.length !== expected.length) return undefined;
  let region: string | undefined;
  for (const [index, label] of labels.entries()) {
    if (expected[index] === '*' ? LABEL.test(label) : label === expected[index]) continue;
    if (expected[index] !== '{region}' || findPartition(label)?.regionPrefix !== regionPrefix) return undefined;
    region = label;
  }
  return region === undefined ? {} : { region };
}

function isolated(name: string, regionPrefix: string, dnsSuffix: string, dualStackDnsSuffix: string): Partition {
  return { name, regionPrefix, dnsSuffix, dualStackDnsSuffix, portals: [], approval: [] };
}
