// A simulated day: the calls to Identity Center that forty roles in use cost, beside what knowing the day beforehand would cost.
import { createProblems } from '../../../dist/core/problems.js';
import { Secret } from '../../../dist/core/secret.js';
import { runTicker } from '../../../dist/daemon/process/ticker.js';
import { createMemoryStore } from '../../../dist/secret-store/memory.js';
import { createBroker } from '../../../dist/sso/broker.js';
import { IdentityCenterFault } from '../../../dist/sso/ports.js';
import { formatDay, simulateDay, totalOf } from '../simulated-day.mjs';

const SEED = 20_261_124;

export async function measureSimulatedDay() {
  const parts = { createBroker, createMemoryStore, createProblems, IdentityCenterFault, runTicker, Secret };
  const day = await simulateDay(parts, SEED);
  console.error(formatDay(day));
  const { ideal, made } = totalOf(day);
  const { expired, failedThoughWell, late } = day.seen;
  return [
    {
      name: 'calls to AWS in a simulated day',
      how:
        'forty roles with keys of an hour, a session of ten hours, three outages of five minutes, a sleep of two hours, ' +
        'on a clock of its own; the ideal renews each role at 20 minutes left and knows who will ask again.',
      unit: 'calls',
      floorName: 'ideal',
      bound: 1.2,
      floor: ideal,
      measured: made,
    },
    {
      name: 'callers of that day who were served badly',
      how: 'keys that had expired, or with under 5 minutes left or none although new ones could be had.',
      unit: 'callers',
      floorName: 'one would be too many',
      bound: 0,
      floor: 1,
      measured: expired + failedThoughWell + late,
    },
  ];
}
