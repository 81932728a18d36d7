// Runs one endurance test for as long as asked, prints what it counted as a table, and fails when anything failed or stayed behind.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createScene } from '../bench/scene.mjs';
import { runClocks } from './clocks.mjs';
import { runKills } from './kills.mjs';

/** Each runs for `seconds` in a scene and returns rows `[what, figure]`, and `problems`: a sentence each. */
const TESTS = { kills: { run: runKills, seconds: 300 }, clocks: { run: runClocks, seconds: 600 } };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, 'everybody-jumps': { type: 'boolean' } },
});
const [name = ''] = positionals;
const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
const seconds = Number(values.seconds ?? test?.seconds);
const options = { seed: Number(values.seed ?? 1), everybodyJumps: values['everybody-jumps'] === true };
if (positionals.length !== 1 || !(seconds > 0) || Number.isNaN(options.seed)) {
  console.error(
    `Usage: npm run endurance -- ${Object.keys(TESTS).join('|')} [--seconds N]; clocks: [--seed N] [--everybody-jumps]`,
  );
  process.exit(2);
}

const scene = createScene();
try {
  const { rows, problems } = await test.run(scene, seconds, options);
  rows.push(['processors, load in the last minute', `${cpus().length}, ${loadavg()[0].toFixed(1)}`]);
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, figure] of rows) console.log(`${what.padEnd(width)}  ${figure}`);
  for (const problem of problems) console.error(`PROBLEM: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  await scene.close();
}
