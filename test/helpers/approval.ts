// Sets the emulator to approve sign-ins automatically, for tests that are not about signing in.
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';

/** The emulator approves by itself, and is asked for the token twenty times a second in place of once. */
export const AT_ONCE: EmulatorOptions = { autoApprove: true, pollIntervalSeconds: 0.05 };
