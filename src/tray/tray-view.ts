// What the tray knows at a moment: the daemon's documents, or that no daemon runs.
import type { ErrorBody } from '../core/errors.ts';
import type { ApprovalDocument, RolesDocument, SignInDocument, StatusDocument } from '../local-api/schemas.ts';

export interface TrayView {
  /** Undefined while no daemon answers. */
  readonly status: StatusDocument | undefined;
  /** Undefined until the list has been loaded. */
  readonly roles: RolesDocument | undefined;
  /** The pending sign-in of a session, by the session's name. */
  readonly signIns: Readonly<Record<string, SignInDocument>>;
  /** Those that wait for a person, the oldest first. */
  readonly approvals: readonly ApprovalDocument[];
  /** The error of the last click, if it failed. */
  readonly notice: ErrorBody | undefined;
}

export const EMPTY_VIEW: Readonly<TrayView> = {
  status: undefined,
  roles: undefined,
  signIns: {},
  approvals: [],
  notice: undefined,
};
