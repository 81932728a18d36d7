// The daemon with another rate towards the portal, which the real one's main file offers to nobody.
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../../dist/core/clock.js';
import { startDaemon } from '../../dist/daemon/daemon.js';
import { growHeapInSmallSteps } from '../../dist/daemon/process/heap-growth.js';
import { ensurePrivateDirectory } from '../../dist/platform/files/private-directory.js';
import { resolvePaths } from '../../dist/local-api/paths.js';

const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const environment = process.env;
const homeDirectory = environment.HOME;
const userId = process.getuid();
const paths = resolvePaths({ environment, homeDirectory, platform: process.platform, userId });
// The SDK's warning about old Node versions.
process.removeAllListeners('warning');
ensurePrivateDirectory(paths.stateDirectory, userId);

async function stop() {
  await daemon.stop();
  process.exit(0);
}

const daemon = await startDaemon({
  paths,
  environment,
  homeDirectory,
  userId,
  processId: process.pid,
  version: '0.0.0-bench',
  clock: createSystemClock(),
  random: Math.random,
  log: (level, message) => level !== 'info' && console.error(`${level} ${message}`),
  credentialProcess: {
    templatePath: fromRoot('bin/rolecall-credential-process'),
    nodePath: process.execPath,
    clientPath: fromRoot('dist/cli/main.js'),
  },
  pageDirectory: process.argv[3],
  onStopRequested: () => setImmediate(() => void stop()),
  portalCallsPerSecond: Number(process.argv[2]),
});
growHeapInSmallSteps();
process.on('SIGTERM', () => void stop());
