// The types of the tray menu: entries, and the meaning of a click on one.
import type { SignInFlow } from '../core/model.ts';
import type { CurrentRoleDocument } from '../local-api/schemas.ts';

/** The meaning of a click; the host carries it out. */
export type Action =
  | { readonly does: 'use'; readonly role: CurrentRoleDocument }
  | { readonly does: 'console'; readonly role: CurrentRoleDocument }
  | {
      readonly does: 'sign-in';
      readonly session: string;
      readonly force: boolean;
      /** Asked for; absent: what the settings say, or what is pending. */
      readonly flow?: SignInFlow;
    }
  | { readonly does: 'cancel-sign-in'; readonly session: string }
  | { readonly does: 'sign-out'; readonly session: string }
  | { readonly does: 'refuse'; readonly approval: string }
  | { readonly does: 'lock' | 'unlock' }
  | { readonly does: 'open-page' | 'open-passkey-page' | 'start-daemon' | 'forget-notice' | 'quit' };

export interface MenuItem {
  /** Identifies the same entry across updates, so that a late click never hits another one. */
  readonly key: string;
  /** One line without control characters; the host escapes it for its markup. */
  readonly label: string;
  /** Undefined for entries that cannot be clicked. */
  readonly action?: Action;
  readonly children?: readonly MenuItem[];
  /** For radio entries: whether this one is selected. */
  readonly chosen?: boolean;
}

/** Groups, separated by lines; none is empty. */
export type Menu = readonly (readonly MenuItem[])[];
