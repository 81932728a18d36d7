// Stores secrets in this process's memory, until the daemon stops.
import type { Secret } from '../core/secret.ts';
import type { SecretStore } from '../sso/ports.ts';

export function createMemoryStore(): SecretStore {
  const secrets = new Map<string, Secret>();
  return {
    driver: 'memory',
    load: async (name) => secrets.get(name),
    save: async (name, secret) => {
      secrets.set(name, secret);
    },
    delete: async (name) => {
      secrets.delete(name);
    },
  };
}
