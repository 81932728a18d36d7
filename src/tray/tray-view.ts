// What the tray knows at one moment: the daemon's documents, or that there is no daemon.
import type { ErrorBody } from '../core/errors.ts';
import type { RolesDocument, SignInDocument, StatusDocument } from '../local-api/schemas.ts';

export interface TrayView {
  /** Undefined while no daemon answers. */
  readonly status: StatusDocument | undefined;
  /** Undefined until the list has come. */
  readonly roles: RolesDocument | undefined;
  /** The pending sign-in of a session, by the session's name. */
  readonly signIns: Readonly<Record<string, SignInDocument>>;
  /** What came of the last click, when it failed. */
  readonly notice: ErrorBody | undefined;
}

export const EMPTY_VIEW: Readonly<TrayView> = { status: undefined, roles: undefined, signIns: {}, notice: undefined };
