// Begins a sign-in with the flow that was decided on, or with the device code where that turns out to be impossible.
import { RolecallError } from '../../core/errors.ts';
import type { FlowDecision, FlowFallback, FlowReason } from '../../core/aws/sign-in-flow.ts';
import type { SignInFlow, SsoSession } from '../../core/model.ts';
import { isFault } from '../faults.ts';
import type { Flow, PendingFlow } from './flow.ts';

/** The flow in use, and why. */
export interface ChosenFlow {
  readonly flow: SignInFlow;
  readonly flowReason: FlowReason | FlowFallback;
}

/** Falls back to the device code only if no person chose the other flow. @throws as `Flow.begin` */
export async function beginFlow(
  flows: Readonly<Record<SignInFlow, Flow>>,
  session: SsoSession,
  { flow, reason }: FlowDecision,
): Promise<ChosenFlow & { readonly pending: PendingFlow }> {
  try {
    return { flow, flowReason: reason, pending: await flows[flow].begin(session) };
  } catch (error) {
    const fallback = flow === 'device' || isChosen(reason) ? undefined : findFallback(error);
    if (fallback === undefined) throw error;
    return { flow: 'device', flowReason: fallback, pending: await flows.device.begin(session) };
  }
}

/** A person chose the flow, for this sign-in or in the settings. */
function isChosen(reason: FlowReason): boolean {
  return reason === 'asked' || reason === 'setting';
}

function findFallback(error: unknown): FlowFallback | undefined {
  if (isFault(error, 'grant-refused')) return 'pkce-refused';
  return error instanceof RolecallError && error.code === 'no-callback-port' ? 'no-callback-port' : undefined;
}
