// The commands that people and prompts run many times a day, on a daemon that runs.
import { interleave } from '../measure.mjs';
import { BARE_NODE, ROLECALL, timeRuns } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const ROUNDS = 15;
const RUNS = 2;

const COMMANDS = [
  // A request by node:net without anything around it takes 1.35.
  { words: ['status'], bound: 1.8 },
  { words: ['ls'], bound: 1.8 },
  // Bars and prompts run it all day.
  { words: ['status', '--format', 'prompt'], bound: 1.5 },
  { words: ['--help'], bound: 1.8 },
];

export async function measureCommands(scene) {
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  const rows = [];
  for (const { words, bound } of COMMANDS) {
    const sides = await interleave(ROUNDS, {
      floor: () => timeRuns(BARE_NODE, RUNS, world.environment),
      measured: () => timeRuns([ROLECALL, ...words], RUNS, world.environment),
    });
    rows.push({
      name: `rolecall ${words.join(' ')}`,
      how:
        'the command as a shell runs it, signed in, with ten roles, against `node -e 0`; median of ' +
        `${ROUNDS} rounds of ${RUNS} runs each.`,
      unit: 'ms',
      floorName: 'node -e 0',
      bound,
      ...sides,
    });
  }
  return rows;
}
