// Deletes role credentials from the AWS CLI's own cache at sign-out.
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role, SsoSession } from '../../core/model.ts';

/**
 * Deletes the cache entries of `roles`, as `aws sso logout` does, and returns how many there were. `startUrls` as spelled in
 * profiles. Entries are found by file name and never read, because they contain keys.
 * @see https://docs.aws.amazon.com/cli/latest/reference/sso/logout.html
 */
export async function deleteCachedRoleCredentials(
  homeDirectory: string,
  session: Pick<SsoSession, 'sessionName'>,
  startUrls: ReadonlySet<string>,
  roles: readonly Role[],
): Promise<number> {
  const folder = join(homeDirectory, '.aws', 'cli', 'cache');
  const present = new Set(await readdir(folder).catch(() => []));
  if (present.size === 0) return 0;
  const names = roles.flatMap(({ accountId, permissionSet }) => [
    // As of 2026-11 the AWS CLI hashes this JSON (sorted keys, no spaces); for legacy profiles it contains the start URL.
    hash({ accountId, roleName: permissionSet, sessionName: session.sessionName }),
    ...Array.from(startUrls, (startUrl) => hash({ accountId, roleName: permissionSet, startUrl })),
  ]);
  const ours = names.filter((name) => present.has(name));
  await Promise.all(ours.map((name) => rm(join(folder, name), { force: true })));
  return ours.length;
}

function hash(identity: Readonly<Record<string, string>>): string {
  return `${createHash('sha1').update(JSON.stringify(identity)).digest('hex')}.json`;
}
