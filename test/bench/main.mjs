// Runs the bench, all of it or the named parts, prints one table, keeps it in docs when asked, fails when a bound is exceeded.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { ROOT, stagePrograms } from './programs.mjs';
import { measureAwsCli } from './rows/aws-cli.mjs';
import { measureColdCallers } from './rows/cold-callers.mjs';
import { measureColdStart } from './rows/cold-start.mjs';
import { measureClient } from './rows/client.mjs';
import { measureCommands } from './rows/commands.mjs';
import { measureConfine } from './rows/confine.mjs';
import { measureContainerSurface } from './rows/container-surface.mjs';
import { measureDaemonStart } from './rows/daemon-start.mjs';
import { measureDiscovery } from './rows/discovery.mjs';
import { measureInstallSize } from './rows/install-size.mjs';
import { measureMemory } from './rows/memory.mjs';
import { measurePage } from './rows/page.mjs';
import { measureScale } from './rows/scale.mjs';
import { measureSignIn } from './rows/sign-in.mjs';
import { measureSoak } from './rows/soak.mjs';
import { measureSimulatedDay } from './rows/simulated-day.mjs';
import { measureStartFiles } from './rows/start-files.mjs';
import { measureSwitchEvents } from './rows/switch-events.mjs';
import { measureSwitching } from './rows/switching.mjs';
import { measureTray } from './rows/tray.mjs';
import { measureWriting } from './rows/writing.mjs';
import { createScene } from './scene.mjs';
import { exitCodeOf, formatPage, formatTable } from './table.mjs';

const PARTS = {
  client: measureClient,
  'daemon-start': measureDaemonStart,
  'start-files': measureStartFiles,
  memory: measureMemory,
  commands: measureCommands,
  tray: measureTray,
  scale: measureScale,
  'switch-events': measureSwitchEvents,
  'sign-in': measureSignIn,
  'container-surface': measureContainerSurface,
  'cold-callers': measureColdCallers,
  'cold-start': measureColdStart,
  soak: measureSoak,
  discovery: measureDiscovery,
  switching: measureSwitching,
  'simulated-day': measureSimulatedDay,
  'aws-cli': measureAwsCli,
  confine: measureConfine,
  writing: measureWriting,
  page: measurePage,
  'install-size': measureInstallSize,
};

const args = process.argv.slice(2);
const writes = args.includes('--write');
const long = args.includes('--long');
const wanted = args.filter((arg) => arg !== '--write' && arg !== '--long');
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
if (writes && wanted.length > 0) {
  console.error('The page in docs is written by a whole run only.');
  process.exit(2);
}

// What else the machine did: a ratio under load is not that of a machine at rest.
const load = (loadavg()[0] ?? 0).toFixed(1);
let scene = createScene();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void scene.close().finally(() => process.exit(130)));
}

await stagePrograms();
const rows = [];
const leftOut = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(PARTS)) {
  const startedAtMs = performance.now();
  scene = createScene();
  try {
    rows.push(...(await PARTS[name](scene, { long })));
  } finally {
    await scene.close();
  }
  leftOut.push(...scene.leftOut);
  console.error(`${name} (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s)`);
}

console.log(formatTable(rows));
const isPageRefused = writes && leftOut.length > 0;
if (isPageRefused) {
  console.error('The page in docs is written with every row: install what is missing.');
} else if (writes) {
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()}, load ${load} at the start`;
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(ROOT, 'docs', 'bench.md'), formatPage(rows, { date, machine, nodeVersion: process.version }));
}
process.exitCode = exitCodeOf(rows, isPageRefused);
