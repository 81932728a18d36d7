// Runs one endurance test for as long as asked, prints what it counted as a table, and fails when anything failed or stayed behind.
import { cpus, loadavg } from 'node:os';
import { createScene } from '../bench/scene.mjs';
import { runKills } from './kills.mjs';

/** Each runs for `seconds` in a scene and returns rows `[what, figure]`, and `problems`: a sentence each. */
const TESTS = { kills: { run: runKills, seconds: 300 } };

const [name, ...options] = process.argv.slice(2);
const test = Object.hasOwn(TESTS, name ?? '') ? TESTS[name] : undefined;
const isSaid = options.length === 2 && options[0] === '--seconds';
const seconds = isSaid ? Number(options[1]) : test?.seconds;
if (test === undefined || !(seconds > 0) || (options.length > 0 && !isSaid)) {
  console.error(`Usage: npm run endurance -- ${Object.keys(TESTS).join('|')} [--seconds N]`);
  process.exit(2);
}

const scene = createScene();
try {
  const { rows, problems } = await test.run(scene, seconds);
  rows.push(['processors, load in the last minute', `${cpus().length}, ${loadavg()[0].toFixed(1)}`]);
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, figure] of rows) console.log(`${what.padEnd(width)}  ${figure}`);
  for (const problem of problems) console.error(`PROBLEM: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  await scene.close();
}
