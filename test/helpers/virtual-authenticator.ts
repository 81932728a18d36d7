// Chromium's virtual authenticator: a security key that verifies its user, or refuses to.
import type { Page } from 'playwright-core';

export interface VirtualAuthenticator {
  /** Whether the key verifies its user (UV) from now on; it does at first. */
  setUserVerified(isUserVerified: boolean): Promise<void>;
}

/** Gives the page a security key of its own that answers by itself. */
export async function addVirtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async setUserVerified(isUserVerified) {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
  };
}
