// Checks that the start URL of each sso-session belongs to its sso_region, as far as the URL's host says so.
import { valueOf } from '../../../aws-config/document/document.ts';
import { findPartitionMismatch, findPortal } from '../../../core/aws/partitions.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { harmless } from '../../terminal/render.ts';
import type { Finding } from './codes.ts';
import type { AwsFile } from './world.ts';

export function findRegionMismatches({ document, path, shown }: AwsFile): Finding[] {
  return document.sections.flatMap((section): Finding[] => {
    if (section.kind !== 'sso-session') return [];
    const startUrl = valueOf(document, section, 'sso_start_url')?.value ?? '';
    const region = valueOf(document, section, 'sso_region');
    if (region === undefined) return [];
    const place = findOtherPlace(startUrl, region.value);
    if (place === undefined) return [];
    return [
      {
        code: 'session-region-differs',
        message: `${shown}, line ${region.line}: the sso_region of ${harmless(section.name)} is ${harmless(region.value)}, but its start URL is in ${place}.`,
        commands: [editCommand(path, region.line)],
      },
    ];
  });
}

function findOtherPlace(startUrl: string, region: string): string | undefined {
  if (!URL.canParse(startUrl)) return undefined;
  const inName = findPortal(new URL(startUrl).hostname)?.region;
  if (inName !== undefined) return inName === region ? undefined : inName;
  const mismatch = findPartitionMismatch(startUrl, region);
  return mismatch && `the partition ${mismatch.ofStartUrl}`;
}
