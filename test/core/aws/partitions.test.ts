// The table of AWS's hosts, against the partitions of the installed SDK and what the AWS CLI accepts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPartition, findPortal, isAwsHost, PARTITIONS, serviceHosts } from '../../../src/core/aws/partitions.ts';

interface SdkPartition {
  readonly id: string;
  readonly outputs: { readonly dnsSuffix: string; readonly dualStackDnsSuffix: string };
  readonly regions: Readonly<Record<string, unknown>>;
}

/** The SDK exports no list of its partitions; the file is one JSON literal. */
function readSdkPartitions(): readonly SdkPartition[] {
  const { resolve } = createRequire(import.meta.url);
  const root = dirname(resolve('@aws-sdk/core/package.json'));
  const path = join(root, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  const json = readFileSync(path, 'utf8').replace(/^export const partitionsInfo = /, '');
  return (JSON.parse(json.replace(/;\s*$/, '')) as { partitions: SdkPartition[] }).partitions;
}

describe('the table has', () => {
  test('the partitions and suffixes of the installed SDK', () => {
    const ours = PARTITIONS.map(({ name, dnsSuffix, dualStackDnsSuffix }) => ({ name, dnsSuffix, dualStackDnsSuffix }));
    const sdk = readSdkPartitions().map(({ id, outputs: { dnsSuffix, dualStackDnsSuffix } }) => ({
      name: id,
      dnsSuffix,
      dualStackDnsSuffix,
    }));
    const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
    expect(ours.toSorted(byName)).toEqual(sdk.toSorted(byName));
  });

  test('every region of the installed SDK in the same partition', () => {
    const regions = readSdkPartitions().flatMap(({ id, regions: named }) =>
      Object.keys(named)
        .filter((region) => !region.endsWith('-global'))
        .map((region) => ({ region, partition: id })),
    );
    expect(regions.length).toBeGreaterThan(40);
    expect(regions.map(({ region }) => ({ region, partition: findPartition(region)?.name }))).toEqual(regions);
  });
});

test.each([
  ['us-east-1', 'aws'],
  ['xy-newplace-1', 'aws'],
  ['us-isox-east-1', undefined],
  ['us-east-1.evil', undefined],
  ['constructor', undefined],
  ['', undefined],
])('the region %j is in %s', (region, name) => {
  expect(findPartition(region)?.name).toBe(name);
});

test('a service has plain, FIPS and dual-stack hosts', () => {
  const partition = PARTITIONS.find(({ name }) => name === 'aws-cn');
  expect(partition && serviceHosts(partition, 'portal.sso', 'cn-north-1')).toEqual([
    'portal.sso.cn-north-1.amazonaws.com.cn',
    'portal.sso.cn-north-1.api.amazonwebservices.com.cn',
    'portal.sso-fips.cn-north-1.amazonaws.com.cn',
    'portal.sso-fips.cn-north-1.api.amazonwebservices.com.cn',
  ]);
});

describe('access portals', () => {
  test.each([
    ['d-1234567890.awsapps.com', 'aws', undefined],
    ['ssoins-1234567890abcdef.us-west-2.portal.amazonaws.com', 'aws', 'us-west-2'],
    ['ssoins-1234567890abcdef.portal.eu-central-1.app.aws', 'aws', 'eu-central-1'],
    ['identitycenter.amazonaws.com', 'aws', undefined],
    ['start.us-gov-home.awsapps.com', 'aws-us-gov', undefined],
    ['start.us-gov-west-1.us-gov-home.awsapps.com', 'aws-us-gov', 'us-gov-west-1'],
    ['ssoins-1234567890abcdef.us-gov-west-1.portal.amazonaws.com', 'aws-us-gov', 'us-gov-west-1'],
    ['identitycenter.us-gov.amazonaws.com', 'aws-us-gov', undefined],
    ['start.home.awsapps.cn', 'aws-cn', undefined],
    ['start.cn-north-1.home.awsapps.cn', 'aws-cn', 'cn-north-1'],
    ['ssoins-1234567890abcdef.cn-northwest-1.portal.amazonaws.com.cn', 'aws-cn', 'cn-northwest-1'],
    ['ssoins-1234567890abcdef.portal.cn-north-1.app.amazonwebservices.com.cn', 'aws-cn', 'cn-north-1'],
    ['identitycenter.amazonaws.com.cn', 'aws-cn', undefined],
    ['ssoins-1234567890abcdef.eusc-de-east-1.portal.amazonaws.eu', 'aws-eusc', 'eusc-de-east-1'],
    ['ssoins-1234567890abcdef.portal.eusc-de-east-1.api.amazonwebservices.eu', 'aws-eusc', 'eusc-de-east-1'],
    ['identitycenter.amazonaws.eu', 'aws-eusc', undefined],
  ])('%s is in %s, region %s', (host, name, region) => {
    const portal = findPortal(host);
    expect([portal?.partition.name, portal?.region]).toEqual([name, region]);
    expect(isAwsHost(host)).toBe(true);
  });

  test.each([
    'aws.corp.example',
    'awsapps.com.evil.example',
    'evil-awsapps.com',
    'd-1234567890.awsapps.com.',
    'xn--wsapps-x1a.awsapps.com',
    'x.portal.amazonaws.com',
    'x.evil.portal.amazonaws.com',
    'x.cn-north-1.portal.amazonaws.com',
    'x.us-east-1.portal.amazonaws.com.cn',
    'x.portal.us-east-1.app.aws.evil.example',
    'notidentitycenter.amazonaws.com',
    'signin.aws.evil',
    '.awsapps.com',
    '',
  ])('%j is none', (host) => {
    expect(findPortal(host)).toBeUndefined();
  });

  test.each([
    'aws.corp.example',
    'awsapps.com.evil.example',
    'evil-awsapps.com',
    'notidentitycenter.amazonaws.com',
    '',
  ])('%j is not one for the AWS CLI either', (host) => {
    expect(isAwsHost(host)).toBe(false);
  });
});
