// OIDC client registrations: made once per issuer and scopes, kept in the secret store, reused until they expire.
import type { Clock } from '../core/clock.ts';
import type { ClientRegistration, Endpoints, SsoSession } from '../core/model.ts';
import { Secret } from '../core/secret.ts';
import { createSingleFlight } from '../core/single-flight.ts';
import { registrationSecretName } from './issuer.ts';
import type { IdentityCenter, SecretStore } from './ports.ts';
import { parseStoredObject, unreadable } from './session-record.ts';

export interface ClientRegistrations {
  /** The kept registration while it is good for an hour more, else a new one. */
  ensure(session: SsoSession): Promise<ClientRegistration>;
  /** The kept registration if it is the one with this client id and unexpired. */
  find(session: SsoSession, clientId: string): Promise<ClientRegistration | undefined>;
  /** Makes the next `ensure` register again, unless another client was registered meanwhile: the server no longer knows this one. */
  forget(session: SsoSession, clientId: string): Promise<void>;
}

const SCHEMA_VERSION = 1;
/** A device authorization takes minutes; a client that ends within the hour is not worth starting one with. */
const SHORTEST_USEFUL_MS = 60 * 60_000;

export function createClientRegistrations(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
}): ClientRegistrations {
  const registering = createSingleFlight<ClientRegistration>();
  /** What the store is known to have: a refresh then needs no unlocked keychain. */
  const kept = new Map<string, ClientRegistration>();

  async function load(session: SsoSession): Promise<ClientRegistration | undefined> {
    const name = registrationSecretName(session, deps.endpoints);
    const inMemory = kept.get(name);
    if (inMemory !== undefined) return inMemory;
    const stored = await deps.secretStore.load(name);
    if (stored === undefined) return undefined;
    const registration = parseRegistration(stored, name);
    kept.set(name, registration);
    return registration;
  }

  async function loadOrRegister(session: SsoSession): Promise<ClientRegistration> {
    const name = registrationSecretName(session, deps.endpoints);
    const current = await load(session);
    if (current !== undefined && current.expiresAtMs - deps.clock.nowMs() > SHORTEST_USEFUL_MS) return current;
    const registration = await deps.identityCenter.registerClient(session);
    await deps.secretStore.save(name, formatRegistration(registration));
    kept.set(name, registration);
    return registration;
  }

  return {
    ensure: (session) =>
      registering.run(registrationSecretName(session, deps.endpoints), () => loadOrRegister(session)),
    async find(session, clientId) {
      const current = await load(session);
      return current?.clientId === clientId && current.expiresAtMs > deps.clock.nowMs() ? current : undefined;
    },
    async forget(session, clientId) {
      const name = registrationSecretName(session, deps.endpoints);
      if ((await load(session))?.clientId !== clientId) return;
      kept.delete(name);
      await deps.secretStore.delete(name);
    },
  };
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
