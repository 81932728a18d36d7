// POST /v1/console: a link to the AWS console as one role, a plain portal link or a federated one that needs no sign-in.
import { chainNameOf, isChainName } from '../../core/aws/chain-role.ts';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import {
  findAccessPortal,
  findConsole,
  findFederationEndpoint,
  formatConsolePage,
  formatFederatedSignIn,
  formatShortcutLink,
  type ConsoleHosts,
} from '../../core/aws/console-url.ts';
import { ProtocolError, UnavailableError, UsageError } from '../../core/errors.ts';
import type { EndpointsOf, Role, SsoSession } from '../../core/model.ts';
import type { ConsoleDocument, ConsoleRequestDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { IdentityCenterFault, type ConsoleFederation } from '../../sso/ports.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import { requireValid, type RoleGate } from '../approvals/role-gate.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Caller } from '../http/caller.ts';
import type { Log } from '../process/log.ts';
import type { Chains } from '../roles/chains.ts';
import { findRequestedRole } from '../roles/requested-role.ts';
import type { CredentialIssuer } from './issue.ts';
import type { RoleList } from '../roles/role-list.ts';
import { regionFor } from '../settings/role-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';
import type { RoleUsage } from '../roles/role-usage.ts';

export function createConsoleHandlers(deps: {
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'cachedCatalog' | 'requireAssigned'>;
  readonly chains: Pick<Chains, 'find' | 'refresh'>;
  readonly federation: ConsoleFederation;
  readonly lock: ServingLock;
  readonly issuer: Pick<CredentialIssuer, 'issue'>;
  readonly roleGate: Pick<RoleGate, 'admit'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly endpointsOf: EndpointsOf;
  readonly roleList: Pick<RoleList, 'describeChain' | 'isProtected'>;
  readonly audit: Pick<AuditLog, 'recordServing'>;
  readonly log: Log;
}): Pick<Handlers, 'console'> {
  const { broker, endpointsOf, settings } = deps;

  function linkTo(session: SsoSession, role: Role, request: ConsoleRequestDocument): string {
    // Without a service or region the administrator's start page applies.
    const destination =
      request.service === undefined && request.region === undefined
        ? undefined
        : choosePage(session, role, request).destination;
    return formatShortcutLink(requirePortal(session), role, destination);
  }

  async function signInTo(session: SsoSession, role: Role, request: ConsoleRequestDocument, caller: Caller) {
    const issuer = requirePortal(session).href;
    const { console, destination } = choosePage(session, role, request);
    const endpoint = findFederationEndpoint(console, session.region, endpointsOf(session).sso);
    const { credentials, admission } = await deps.issuer.issue({ role, waitBudget: caller, asker: caller });
    try {
      const token = await deps.federation.getSigninToken(endpoint, credentials);
      requireValid(admission);
      deps.lock.requireUnlocked(role);
      const url = formatFederatedSignIn(endpoint, { issuer, destination, token });
      return { link: { url, endsAt: formatUtcSeconds(credentials.expiresAtMs) }, admission };
    } catch (fault) {
      throw describeFault(fault);
    }
  }

  function requirePortal(session: SsoSession): URL {
    const portal = findAccessPortal(session.startUrl, endpointsOf(session).sso);
    if (portal !== undefined) return portal;
    throw new UsageError(
      'config-malformed',
      `The sso_start_url of ${session.sessionName} is not an https URL, so there is no access portal to open.`,
    );
  }

  function choosePage(session: SsoSession, role: Role, request: ConsoleRequestDocument) {
    const console = requireConsole(session.region);
    const region = request.region ?? deps.chains.find(role)?.region ?? regionFor(settings, role) ?? session.region;
    const there = requireConsole(region);
    if (there.partition !== console.partition) {
      throw new UsageError(
        'invalid-request',
        `The region ${region} is in the partition ${there.partition}, but the accounts of ${session.sessionName} are in ${console.partition}.`,
        { hint: 'rolecall console --help' },
      );
    }
    return { console, destination: formatConsolePage(console, region, request.service) };
  }

  return {
    async console({ body }, caller) {
      deps.lock.requireUnlocked();
      const arrivedAtMs = deps.clock.nowMs();
      const { session, role } = await findRequestedRole(body, deps);
      const { accountId, permissionSet } = role;
      deps.lock.requireUnlocked(role);
      const isFederated = body.federated === true;
      const chain = chainNameOf(permissionSet);
      if (chain !== undefined && !isFederated) throw noPortalLink(chain);
      await broker.requireAssigned(session, role);
      const { link, admission } = isFederated
        ? await signInTo(session, role, body, caller)
        : {
            link: { url: linkTo(session, role, body) },
            admission: await deps.roleGate.admit({ role, asker: caller, caller, arrivedAtMs }),
          };
      deps.roleUsage.note(role);
      deps.log(
        'info',
        `${isFederated ? 'federated console' : 'console link'} of ${session.sessionName} ${accountId} ${permissionSet}`,
      );
      const { processId, surface } = caller;
      await deps.audit.recordServing({ event: 'console-opened', role, federated: isFederated, surface, processId });
      const catalog = await broker.cachedCatalog(session);
      const chainDocument = await deps.roleList.describeChain(role);
      // Meanwhile it can have been locked, or the approval withdrawn.
      deps.lock.requireUnlocked(role);
      requireValid(admission);
      const account = catalog?.accounts.find((candidate) => candidate.accountId === accountId);
      const browser = settings.browsers.get(session.sessionName);
      return {
        ...link,
        secret: isFederated,
        session: session.sessionName,
        accountId,
        accountName: account?.accountName ?? null,
        permissionSet,
        ...(chainDocument === undefined ? {} : { chain: chainDocument }),
        protected: deps.roleList.isProtected(role),
        browser: browser?.template ?? null,
        ...(browser === undefined ? {} : { browserLine: browser.line }),
      } satisfies ConsoleDocument;
    },
  };
}

function noPortalLink(chain: string): UsageError {
  const isNamed = isChainName(chain);
  const name = isNamed ? chain : 'this';
  return new UsageError(
    'invalid-request',
    `The access portal has links to permission sets only, and ${name} is a chained role.`,
    { hint: isNamed ? `rolecall console ${chain}` : 'rolecall console --help' },
  );
}

function requireConsole(region: string): ConsoleHosts {
  const console = findConsole(region);
  if (console !== undefined) return console;
  throw new UsageError('invalid-request', `No AWS console is known for the region "${region}".`, {
    hint: 'rolecall console --help',
  });
}

/** The federation endpoint is not part of Identity Center: its errors do not mean that the session has ended. */
function describeFault(thrown: unknown): unknown {
  if (!(thrown instanceof IdentityCenterFault)) return thrown;
  const { kind, message, retryAfterMs } = thrown;
  const options = { cause: thrown, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const text = `Signing in to the AWS console failed: ${message}`;
  if (kind === 'unreachable') return new UnavailableError('identity-center-unreachable', text, options);
  if (kind === 'throttled') return new UnavailableError('identity-center-throttled', text, options);
  return new ProtocolError('unusable-response', text, options);
}
