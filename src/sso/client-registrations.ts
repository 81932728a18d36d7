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
  /** Makes the next `ensure` register again: the server no longer knows this client. */
  forget(session: SsoSession): Promise<void>;
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

  async function load(session: SsoSession): Promise<ClientRegistration | undefined> {
    const name = registrationSecretName(session, deps.endpoints);
    const stored = await deps.secretStore.load(name);
    return stored === undefined ? undefined : parseRegistration(stored, name);
  }

  async function loadOrRegister(session: SsoSession): Promise<ClientRegistration> {
    const kept = await load(session);
    if (kept !== undefined && kept.expiresAtMs - deps.clock.nowMs() > SHORTEST_USEFUL_MS) return kept;
    const registration = await deps.identityCenter.registerClient(session);
    await deps.secretStore.save(registrationSecretName(session, deps.endpoints), formatRegistration(registration));
    return registration;
  }

  return {
    ensure: (session) =>
      registering.run(registrationSecretName(session, deps.endpoints), () => loadOrRegister(session)),
    async find(session, clientId) {
      const kept = await load(session);
      return kept?.clientId === clientId && kept.expiresAtMs > deps.clock.nowMs() ? kept : undefined;
    },
    forget: (session) => deps.secretStore.delete(registrationSecretName(session, deps.endpoints)),
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
