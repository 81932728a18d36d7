// The user as whom a sign-in is approved.
import { UsageError } from '../../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import type { Knobs } from './knobs.ts';

/**
 * This user, or the first in the directory.
 * @throws UsageError invalid-request: no such user
 */
export function requireApprover(directory: Directory, userName: string | undefined): string {
  const name = userName ?? directory.users()[0]?.userName;
  if (name === undefined || directory.findUser(name) === undefined) {
    throw new UsageError('invalid-request', `There is no user ${JSON.stringify(name ?? '')} in the directory.`);
  }
  return name;
}

/** The user of the `autoApprove` knob; undefined when it is off, or when that user no longer exists. */
export function findAutoApprover(directory: Directory, { autoApprove }: Knobs): string | undefined {
  if (autoApprove === false) return undefined;
  const name = autoApprove === true ? directory.users()[0]?.userName : autoApprove;
  return name !== undefined && directory.findUser(name) !== undefined ? name : undefined;
}
