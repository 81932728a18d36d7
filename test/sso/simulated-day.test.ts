// A simulated working day: how many requests forty roles cost, and what their callers get.
import { expect, it } from 'vitest';
import { createProblems } from '../../src/core/problems.ts';
import { Secret } from '../../src/core/secret.ts';
import { runTicker } from '../../src/daemon/process/ticker.ts';
import { createMemoryStore } from '../../src/secret-store/memory.ts';
import { createBroker } from '../../src/sso/broker.ts';
import { IdentityCenterFault } from '../../src/sso/ports.ts';

interface Day {
  readonly seen: Readonly<Record<string, number>>;
  readonly rolesAtWorkEnd: number;
  readonly rolesAtNight: number;
  readonly callsAtNight: number;
  readonly learnedSessionHours: number | undefined;
}

interface Simulation {
  simulateDay(parts: object, seed: number): Promise<Day>;
  formatDay(day: Day): string;
  totalOf(day: Day): { readonly ideal: number; readonly made: number };
}

const PARTS = { createBroker, createMemoryStore, createProblems, IdentityCenterFault, runTicker, Secret };
/** The bench runs the same day against what is published. */
const SIMULATION = new URL('../bench/simulated-day.mjs', import.meta.url).href;

it.each([20_261_124, 1, 2])(
  'serves all callers with at most 1.2 times the minimum of requests, seed %i',
  async (seed) => {
    const { formatDay, simulateDay, totalOf } = (await import(SIMULATION)) as Simulation;
    const day = await simulateDay(PARTS, seed);
    process.stdout.write(formatDay(day));
    expect(day.seen['asked']).toBeGreaterThan(7000);
    expect(day).toMatchObject({
      seen: {
        answered: day.seen['asked'],
        expired: 0,
        late: 0,
        failedThoughWell: 0,
        slowerThanASecond: 0,
        mostProblems: 1,
      },
      rolesAtWorkEnd: 40,
      rolesAtNight: 0,
      callsAtNight: 0,
      learnedSessionHours: 10,
    });
    const { ideal, made } = totalOf(day);
    expect(made / ideal).toBeLessThanOrEqual(1.2);
  },
);
