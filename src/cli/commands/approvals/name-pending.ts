// Names the approval for which a request has to wait, while it waits.
import type { Role } from '../../../core/model.ts';
import type { DaemonAccess, Output } from '../../context.ts';
import { describeRequest } from './describe-approval.ts';

const DEADLINE_MS = 2000;

/** Prints a line if an approval of the role waits. `current`: the current role. */
export async function namePending(
  wanted: Role | 'current',
  { client, signal, stderr }: DaemonAccess & Pick<Output, 'stderr'>,
): Promise<void> {
  const options = { autostart: false, timeoutMs: DEADLINE_MS, signal };
  const role = wanted === 'current' ? await findCurrent(client, options) : wanted;
  const { approvals } = await client.call('approvals', {}, options);
  const pending = approvals.find(
    ({ session, accountId, permissionSet }) =>
      session === role?.sessionName && accountId === role?.accountId && permissionSet === role?.permissionSet,
  );
  if (pending !== undefined) stderr.write(`${describeRequest(pending)}\n`);
}

async function findCurrent(
  client: DaemonAccess['client'],
  options: Parameters<DaemonAccess['client']['call']>[2],
): Promise<Role | undefined> {
  const current = await client.call('current', {}, options);
  if (current === null) return undefined;
  return { sessionName: current.session, accountId: current.accountId, permissionSet: current.permissionSet };
}
