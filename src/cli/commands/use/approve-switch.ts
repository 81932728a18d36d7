// Asks for the approval of a protected role before a switch to it.
import { SignInRequiredError } from '../../../core/errors.ts';
import type { ApprovalRequestDocument } from '../../../local-api/schemas/approvals.ts';
import { ensureApproved } from '../approvals/ensure-approved.ts';
import type { UseContext } from './options.ts';

/** A switch also works while signed out. It hands out nothing, so the programs are asked about after the sign-in. */
export async function approveSwitch(role: ApprovalRequestDocument, context: UseContext): Promise<void> {
  try {
    await ensureApproved(role, context);
  } catch (error) {
    if (!(error instanceof SignInRequiredError)) throw error;
  }
}
