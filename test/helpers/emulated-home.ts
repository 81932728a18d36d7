// A temporary home with an sso-session, an emulator, and a client for daemons that a test starts as processes.
import { join } from 'node:path';
import { createSystemClock } from '../../src/core/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { createLocalApiClient, type LocalApiClient } from '../../src/local-api/client.ts';
import { resolvePaths, type RuntimePaths } from '../../src/local-api/paths.ts';
import { AT_ONCE } from './approval.ts';
import { CONFIG, writePrivate } from './rig.ts';
import { createTemporaryHome, type TemporaryHome } from './temporary-home.ts';

export interface EmulatedHome {
  readonly home: TemporaryHome;
  readonly emulator: Emulator;
  /** Of every process in this home. */
  readonly environment: Record<string, string>;
  readonly paths: RuntimePaths;
  /** Starts no daemon. */
  readonly client: LocalApiClient;
  /** Ends the emulator and deletes the home; its daemon has been stopped by then. */
  remove(): Promise<void>;
}

/** Signed out, without a daemon. `variables` say which secret store its daemons use. */
export async function createEmulatedHome(variables: Readonly<Record<string, string>>): Promise<EmulatedHome> {
  const home = createTemporaryHome();
  const emulator = createEmulator(AT_ONCE);
  await emulator.listen();
  const environment = { ...home.environment, ...variables, ...emulator.environment() };
  const userId = process.getuid?.() ?? -1;
  const paths = resolvePaths({ environment, homeDirectory: home.path, platform: process.platform, userId });
  const client = createLocalApiClient({
    socketCandidates: paths.socketCandidates,
    mayStart: false,
    startDaemon: () => Promise.reject(new Error('processes of the test start it')),
    clock: createSystemClock(),
  });
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  return {
    home,
    emulator,
    environment,
    paths,
    client,
    async remove() {
      await emulator.close();
      await home.remove();
    },
  };
}
