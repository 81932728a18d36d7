// GET /v1/credentials and /v1/credentials/current: the document that credential_process prints.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Role } from '../../core/model.ts';
import type { CredentialsDocument } from '../../local-api/schemas.ts';
import type { Caller } from '../http/caller.ts';
import type { Handlers } from '../http/surface.ts';
import type { CredentialIssuer } from './issue.ts';

export function createCredentialsHandlers(deps: {
  readonly issuer: Pick<CredentialIssuer, 'issue'>;
}): Pick<Handlers, 'credentials' | 'currentCredentials'> {
  async function answer(wanted: Role | 'current', caller: Caller): Promise<CredentialsDocument> {
    const { role, credentials } = await deps.issuer.issue({ role: wanted, waitBudget: caller, recipient: caller });
    return {
      Version: 1,
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      SessionToken: credentials.sessionToken.reveal(),
      Expiration: formatUtcSeconds(credentials.expiresAtMs),
      AccountId: role.accountId,
    };
  }

  return {
    credentials: ({ query: { session: sessionName, account: accountId, role: permissionSet } }, caller) =>
      answer({ sessionName, accountId, permissionSet }, caller),
    currentCredentials: (_, caller) => answer('current', caller),
  };
}
