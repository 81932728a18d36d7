// OIDC client registrations: one per issuer, scopes and flow, kept in the secret store, reused until shortly before they expire.
import { SIGN_IN_FLOWS } from '../../core/aws/sign-in-flow.ts';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { ClientRegistration, EndpointsOf, SignInFlow, SsoSession } from '../../core/model.ts';
import { Secret } from '../../core/secret.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { registrationSecretName } from '../issuer.ts';
import type { IdentityCenter, SecretStore } from '../ports.ts';
import { parseStoredObject, unreadable, type RefreshGrant } from './session-record.ts';

export interface ClientRegistrations {
  /**
   * The stored registration for the flow, by default `device`, if it is valid for 30 more days, else a new one. A new one
   * replaces an unexpired one in the store only when it is confirmed, because the tokens of the live session may need the
   * old one.
   */
  ensure(session: SsoSession, flow?: SignInFlow): Promise<ClientRegistration>;
  /** Stores a new registration when its sign-in is approved. If the store refuses, the next sign-in registers again. */
  confirm(registration: ClientRegistration): Promise<void>;
  /** The stored registration if it has this client id and has not expired. */
  find(session: SsoSession, clientId: string): Promise<ClientRegistration | undefined>;
  /**
   * The client that a refresh token was issued to, even if the scopes of the section have changed since; undefined if
   * it is gone or has expired.
   */
  findIssuer(session: SsoSession, grant: RefreshGrant): Promise<ClientRegistration | undefined>;
  /** Makes the next `ensure` register again, because the server does not know this client; does nothing if another one replaced it. */
  forget(session: SsoSession, clientId: string): Promise<void>;
  /** Drops the copies in memory of what the secret store has. */
  seal(): void;
}

const SCHEMA_VERSION = 1;
/** A session that starts now is refreshed with this client until it ends, which may be weeks away. */
const MIN_LEFT_MS = 30 * 24 * 60 * 60_000;

export function createClientRegistrations(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  readonly endpointsOf: EndpointsOf;
  readonly clock: Clock;
}): ClientRegistrations {
  const registering = createSingleFlight<ClientRegistration>();
  /** Copies of stored registrations: a refresh then works with a locked keychain. */
  const kept = new Map<string, ClientRegistration>();
  /** Registered for a sign-in that is not approved yet. */
  const unconfirmed = new Map<string, ClientRegistration>();

  const nameOf = (session: SsoSession, flow: SignInFlow) =>
    registrationSecretName(session, deps.endpointsOf(session), flow);

  async function load(name: string): Promise<ClientRegistration | undefined> {
    const inMemory = kept.get(name);
    if (inMemory !== undefined) return inMemory;
    const stored = await deps.secretStore.load(name);
    if (stored === undefined) return undefined;
    const registration = parseRegistration(stored, name);
    kept.set(name, registration);
    return registration;
  }

  async function loadOrRegister(session: SsoSession, flow: SignInFlow): Promise<ClientRegistration> {
    const name = nameOf(session, flow);
    const stored = await load(name);
    const current = unconfirmed.get(name) ?? stored;
    const nowMs = deps.clock.nowMs();
    if (current !== undefined && current.expiresAtMs - nowMs > MIN_LEFT_MS) return current;
    const registration = await deps.identityCenter.registerClient(session, flow);
    if (stored !== undefined && stored.expiresAtMs > nowMs) unconfirmed.set(name, registration);
    else await save(name, registration);
    return registration;
  }

  async function save(name: string, registration: ClientRegistration): Promise<void> {
    await deps.secretStore.save(name, formatRegistration(registration));
    kept.set(name, registration);
  }

  async function find(session: SsoSession, clientId: string): Promise<ClientRegistration | undefined> {
    // Only records of earlier versions lack a registration, and those signed in by device code.
    const current = await load(nameOf(session, 'device'));
    return current?.clientId === clientId && current.expiresAtMs > deps.clock.nowMs() ? current : undefined;
  }

  return {
    ensure: (session, flow = 'device') => registering.run(nameOf(session, flow), () => loadOrRegister(session, flow)),
    async confirm(registration) {
      const [name] = namesIn(unconfirmed, registration.clientId);
      if (name === undefined) return;
      try {
        await save(name, registration);
        unconfirmed.delete(name);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
      }
    },
    find,
    async findIssuer(session, { clientId, registration }) {
      if (registration === undefined) return find(session, clientId);
      return registration.expiresAtMs > deps.clock.nowMs() ? registration : undefined;
    },
    seal: () => kept.clear(),
    async forget(session, clientId) {
      // A client may have been registered for the start URL that a company's own leads to, so its name need not be `nameOf`.
      for (const name of namesIn(unconfirmed, clientId)) unconfirmed.delete(name);
      const names = new Set([...namesIn(kept, clientId), ...SIGN_IN_FLOWS.map((flow) => nameOf(session, flow))]);
      for (const name of names) {
        if ((await load(name))?.clientId !== clientId) continue;
        kept.delete(name);
        await deps.secretStore.delete(name);
        return;
      }
    },
  };
}

function namesIn(registrations: ReadonlyMap<string, ClientRegistration>, clientId: string): string[] {
  return [...registrations].flatMap(([name, registration]) => (registration.clientId === clientId ? [name] : []));
}

function formatRegistration(registration: ClientRegistration): Secret {
  return new Secret(
    JSON.stringify({
      schemaVersion: SCHEMA_VERSION,
      clientId: registration.clientId,
      clientSecret: registration.clientSecret.reveal(),
      expiresAtMs: registration.expiresAtMs,
    }),
  );
}

function parseRegistration(stored: Secret, secretName: string): ClientRegistration {
  const wire = parseStoredObject(stored, secretName, SCHEMA_VERSION);
  const clientId = wire['clientId'];
  const clientSecret = wire['clientSecret'];
  const expiresAtMs = wire['expiresAtMs'];
  if (typeof clientId !== 'string' || typeof clientSecret !== 'string' || typeof expiresAtMs !== 'number') {
    throw unreadable(secretName);
  }
  return { clientId, clientSecret: new Secret(clientSecret), expiresAtMs };
}
