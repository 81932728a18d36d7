// Nothing that is sent to the socket approves: every route with bodies that try.
import { afterEach, expect, test } from 'vitest';
import { routes, type Route } from '../../../src/local-api/routes.ts';
import { createSignedInRig, SESSION, type Rig } from '../../helpers/rig.ts';
import { exchange, formatRequest } from '../raw-http.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
/** These would end the question, the session or the daemon, which is another test's. */
const ENDS_IT: readonly string[] = ['refuseApproval', 'signOut', 'stop', 'lock', 'events'];

test('no request to the socket approves, whatever its route and body', async () => {
  rig = await createSignedInRig({ settings: '[[protect]]\npermission_set = "*"\n' });
  const { client, paths } = rig;
  const { id, state } = await client.call('askApproval', { body: ROLE });
  expect(state).toBe('pending');

  const yes = { approve: true, approved: true, state: 'approved', by: 'click', answer: 'allowed', id, word: 'yes' };
  const bodies = [
    undefined,
    {},
    yes,
    { ...ROLE, ...yes },
    ROLE,
    { ...ROLE, current: false, processId: process.pid },
    { terminal: '/dev/pts/0', processId: process.pid },
    { terminal: '/dev/tty', processId: process.pid },
    { terminal: '/dev/pts/../null', processId: process.pid },
    { terminal: '/proc/self/fd/0', processId: 1, ...yes },
  ];
  const targets = Object.entries(routes as Readonly<Record<string, Route>>)
    .filter(([name, { surfaces }]) => surfaces.includes('socket') && !ENDS_IT.includes(name))
    .map(([, { method, path }]) => ({ method, path: path.replace(/:session/, SESSION).replace(/:\w+/, id) }));
  // No route has these names.
  const unknown = ['/approve', '/allow', '/confirm'].map((verb) => ({
    method: 'POST' as const,
    path: `/v1/approvals/${id}${verb}`,
  }));
  targets.push(...unknown);
  targets.push(...(['PUT', 'DELETE', 'POST'] as const).map((method) => ({ method, path: `/v1/approvals/${id}` })));

  const statuses = new Set<number>();
  for (const { method, path } of targets) {
    for (const body of bodies) {
      const text = body === undefined ? '' : JSON.stringify(body);
      const { status } = await exchange(
        { path: paths.socketPath },
        formatRequest({
          method,
          target: path,
          body: text,
          headers: [
            ['Host', 'localhost'],
            ['Prefer', 'wait=0'],
            ['Content-Type', 'application/json'],
            ['Content-Length', String(text.length)],
          ],
        }),
      );
      statuses.add(status);
    }
  }
  expect([...statuses].filter((status) => status === 200 || status === 403).length).toBe(2);
  const { approvals } = await client.call('approvals', {});
  expect(approvals.find((approval) => approval.id === id)?.state).toBe('pending');
  expect(await client.call('askApproval', { body: ROLE })).toMatchObject({ id, state: 'pending' });
});
