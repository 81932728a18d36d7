// The AWS CLI's own cache of role credentials: what it got by a session's token file does not outlive the session's sign-out.
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role, SsoSession } from '../../core/model.ts';

/**
 * Deletes the entries of `roles`, as `aws sso logout` does, and no others; how many there were. `startUrls` as profiles spell them.
 * Nothing is read, for the entries hold keys: their names say whose they are.
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
    // As of 2026-11 the AWS CLI hashes this JSON, keys sorted and without spaces; profiles of before 2022 have the start URL in it.
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
