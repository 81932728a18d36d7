// Stores the account catalog on disk, one file per session, so that lists are available right after the start.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isEpochMs } from '../../core/clock.ts';
import type { Catalog, CatalogAccount, EndpointsOf, SsoSession } from '../../core/model.ts';
import type { CatalogFiles } from '../../sso/roles/account-catalog.ts';
import { formatIssuer } from '../../sso/issuer.ts';
import type { Log } from '../process/log.ts';
import type { OpenStateFile, StateFileSchema } from '../state-files/state-file.ts';
import { isRole } from './role-usage.ts';

const SCHEMA = {
  version: 1,
  isSound: ({ issuer, asOfMs, accounts }) =>
    isText(issuer) && isEpochMs(asOfMs) && Array.isArray(accounts) && accounts.every(isAccount),
  loss: 'The account list will be fetched again.',
} as const satisfies StateFileSchema;

interface CatalogFile extends Catalog {
  /** Guards against a session name that now means another Identity Center. */
  readonly issuer: string;
}

/** Files in `directory`. An unreadable file counts as absent and is replaced by the next listing. */
export function createCatalogFiles(deps: {
  readonly directory: string;
  readonly endpointsOf: EndpointsOf;
  readonly openStateFile: OpenStateFile;
  readonly log: Log;
}): CatalogFiles {
  const fileOf = (session: SsoSession) => {
    const name = createHash('sha256')
      .update(formatIssuer(session, deps.endpointsOf(session)))
      .update(session.sessionName);
    return deps.openStateFile(join(deps.directory, `${name.digest('hex').slice(0, 16)}.json`), SCHEMA);
  };
  return {
    async load(session) {
      try {
        return parse(await fileOf(session).read(), session, formatIssuer(session, deps.endpointsOf(session)));
      } catch (error) {
        deps.log('warn', `cannot read the saved account list of ${session.sessionName}: ${(error as Error).message}`);
        return undefined;
      }
    },
    async save(session, catalog) {
      const issuer = formatIssuer(session, deps.endpointsOf(session));
      await fileOf(session).write({ issuer, ...catalog } satisfies CatalogFile);
    },
  };
}

function parse(content: object | undefined, session: SsoSession, issuer: string): Catalog | undefined {
  const file = (content ?? {}) as Partial<CatalogFile>;
  if (file.issuer !== issuer || !Array.isArray(file.accounts)) return undefined;
  const { asOfMs, complete, accounts, lost, carriedOver, user, earlierUser, startsAnew } = file;
  if (!isEpochMs(asOfMs) || !accounts.every(isAccount)) return undefined;
  return {
    asOfMs,
    complete: complete === true,
    accounts: accounts.filter(({ sessionName }) => sessionName === session.sessionName),
    ...(Array.isArray(lost) && lost.length > 0 && lost.every(isRole) ? { lost } : {}),
    ...(Array.isArray(carriedOver) && carriedOver.every(isText) ? { carriedOver } : {}),
    ...(isText(user) ? { user } : {}),
    ...(isText(earlierUser) ? { earlierUser } : {}),
    ...(startsAnew === true ? { startsAnew } : {}),
  };
}

function isText(candidate: unknown): candidate is string {
  return typeof candidate === 'string';
}

function isAccount(candidate: unknown): candidate is CatalogAccount {
  const { accountId, permissionSets, accountName, emailAddress } = (candidate ?? {}) as Partial<CatalogAccount>;
  return (
    isText(accountId) &&
    Array.isArray(permissionSets) &&
    permissionSets.every(isText) &&
    [accountName, emailAddress].every((text) => text === undefined || isText(text))
  );
}
