// How doctor describes the sign-in at a daemon that does not tell its flow.
import { expect, test } from 'vitest';
import { checkSignIn } from '../../src/cli/commands/doctor/sign-in-check.ts';
import type { World } from '../../src/cli/commands/doctor/world.ts';

test.each([
  [[{ session: 'work' }], 'device code, because the daemon is older'],
  [[], 'no sso-session'],
])('of sessions without a flow, %j, it says: %s', async (sessions, summary) => {
  const world = { daemon: { state: 'running', status: { files: {}, sessions } } } as unknown as World;
  expect(await checkSignIn(world)).toMatchObject({ summary, flows: [], findings: [] });
});
