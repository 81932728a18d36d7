// Finds a pending approval by the beginning of its id.
import { NotFoundError } from '../../../core/errors.ts';
import { harmless } from '../../../core/text/harmless-text.ts';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';

/** So that a part of an id does not match by chance. */
const MIN_ID_LENGTH = 4;

/** @throws NotFoundError approval-not-found */
export function findApproval(id: string, pending: readonly ApprovalDocument[]): ApprovalDocument {
  const [found, ...others] = pending.filter((approval) => approval.id.startsWith(id));
  if (id.length >= MIN_ID_LENGTH && found !== undefined && others.length === 0) return found;
  throw new NotFoundError('approval-not-found', `No approval "${harmless(id)}" waits.`, { hint: 'rolecall approvals' });
}
