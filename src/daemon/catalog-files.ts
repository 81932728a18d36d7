// The catalog on disk, one file a session, so that a list of accounts is there before anything is asked.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Catalog, CatalogAccount, Endpoints, SsoSession } from '../core/model.ts';
import type { CatalogFiles } from '../sso/account-catalog.ts';
import { formatIssuer } from '../sso/issuer.ts';
import type { Log } from './log.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const SCHEMA_VERSION = 1;

interface CatalogFile extends Catalog {
  readonly schemaVersion: number;
  /** A list of another Identity Center under the same name is no list of this one. */
  readonly issuer: string;
}

/** Files below `directory`; one that can't be read counts as never listed and is replaced by the next listing. */
export function createCatalogFiles(deps: {
  readonly directory: string;
  readonly endpoints: Endpoints;
  readonly log: Log;
}): CatalogFiles {
  const pathOf = (session: SsoSession) => {
    const name = createHash('sha256').update(formatIssuer(session, deps.endpoints)).update(session.sessionName);
    return join(deps.directory, `${name.digest('hex').slice(0, 16)}.json`);
  };
  return {
    async load(session) {
      try {
        const text = await readPrivateFile(pathOf(session));
        return text === undefined ? undefined : parse(text, session, formatIssuer(session, deps.endpoints));
      } catch (error) {
        deps.log('warn', `the kept list of ${session.sessionName} can't be read: ${(error as Error).message}`);
        return undefined;
      }
    },
    save: (session, catalog) =>
      writePrivateFile(
        pathOf(session),
        JSON.stringify({
          schemaVersion: SCHEMA_VERSION,
          issuer: formatIssuer(session, deps.endpoints),
          ...catalog,
        } satisfies CatalogFile),
      ),
  };
}

function parse(text: string, session: SsoSession, issuer: string): Catalog | undefined {
  const file = JSON.parse(text) as Partial<CatalogFile>;
  if (file.schemaVersion !== SCHEMA_VERSION || file.issuer !== issuer || !Array.isArray(file.accounts)) {
    return undefined;
  }
  const { asOfMs, complete, accounts } = file;
  if (!Number.isFinite(asOfMs) || !accounts.every(isAccount)) return undefined;
  return {
    asOfMs: Number(asOfMs),
    complete: complete === true,
    accounts: accounts.filter(({ sessionName }) => sessionName === session.sessionName),
  };
}

function isAccount(candidate: unknown): candidate is CatalogAccount {
  const { accountId, permissionSets } = (candidate ?? {}) as Partial<CatalogAccount>;
  return (
    typeof accountId === 'string' &&
    Array.isArray(permissionSets) &&
    permissionSets.every((name) => typeof name === 'string')
  );
}
