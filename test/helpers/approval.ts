// A sign-in that nobody has to wait for: how the emulator is set for tests that are about something else.
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';

/** The emulator approves by itself, and is asked for the token twenty times a second in place of once. */
export const AT_ONCE: EmulatorOptions = { autoApprove: true, pollIntervalSeconds: 0.05 };
