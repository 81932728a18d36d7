// Prints the menu once, for hosts that run this program repeatedly.
import type { Clock } from '../../core/clock.ts';
import { DaemonUnreachableError } from '../../core/errors.ts';
import type { LocalApiClient } from '../../local-api/client.ts';
import { titleOfRole } from '../../core/text/role-title.js';
import { summarizeState } from '../../local-api/state-summary.ts';
import { buildMenu } from '../menu.ts';
import { formatTextMenu, type CommandWords, type TextHost } from './text-menu.ts';
import { EMPTY_VIEW, type TrayView } from '../tray-view.ts';

const TIMEOUT_MS = 10_000;

/** The menu as text. Does not start a daemon, as hosts run it every minute; without one the menu offers to start it. */
export async function printTextMenu(deps: {
  readonly host: TextHost;
  readonly client: LocalApiClient;
  readonly clock: Clock;
  readonly program: CommandWords;
}): Promise<string> {
  const view = await loadView(deps.client);
  const nowMs = deps.clock.nowMs();
  return formatTextMenu({
    host: deps.host,
    state: view.status === undefined ? 'problem' : summarizeState(view.status, nowMs),
    title: titleOf(view),
    menu: buildMenu(view, nowMs),
    program: deps.program,
  });
}

/** The shortest name of the current role. */
function titleOf({ status }: TrayView): string {
  const current = status?.current ?? null;
  if (current === null) return 'rolecall';
  return current.profile ?? `${current.accountName ?? current.accountId} ${titleOfRole(current)}`;
}

async function loadView(client: LocalApiClient): Promise<TrayView> {
  const options = { autostart: false, timeoutMs: TIMEOUT_MS };
  try {
    const status = await client.call('status', {}, options);
    const roles = await client.call('roles', { query: { first: true } }, options);
    const pending = status.sessions.filter(({ state }) => state === 'pending').map(({ session }) => session);
    const signIns = await Promise.all(
      pending.map(async (session) => [session, await client.call('signIn', { session }, options)] as const),
    );
    const found = signIns.flatMap(([session, signIn]) => (signIn === null ? [] : [[session, signIn] as const]));
    const { approvals } = (status.approvals ?? 0) > 0 ? await client.call('approvals', {}, options) : EMPTY_VIEW;
    return { ...EMPTY_VIEW, status, roles, signIns: Object.fromEntries(found), approvals };
  } catch (error) {
    if (error instanceof DaemonUnreachableError && error.code !== 'foreign-socket') return EMPTY_VIEW;
    throw error;
  }
}
