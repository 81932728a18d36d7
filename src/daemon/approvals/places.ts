// Where a person answers: a dialog on the screen. A notification leads to it, or to the page.
import type { Clock } from '../../core/clock.ts';
import type { ApprovalDocument } from '../../local-api/schemas.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { WebAccess } from '../web-access/web-access.ts';
import type { Approval, Approvals } from './approvals.ts';
import { createOnScreen } from './on-screen.ts';

export interface Places {
  /** Closes the dialog. */
  close(): void;
}

export function createPlaces(deps: {
  readonly approvals: Approvals;
  readonly describe: (approval: Approval) => Promise<ApprovalDocument>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly desktop: Pick<Desktop, 'canAsk' | 'loadDialogs' | 'openPage'>;
  readonly notifier: Pick<Notifier, 'notify' | 'resolve'>;
  readonly webAccess: Pick<WebAccess, 'issueCode'>;
  readonly lateLoading: Pick<LateLoading, 'defer'>;
  readonly clock: Clock;
  readonly log: Log;
}): Places {
  const { desktop } = deps;
  const screen = createOnScreen({
    ...deps,
    announce: deps.changes.announce,
    canAsk: () => desktop.canAsk(),
    loadDialogs: () => desktop.loadDialogs(),
    openPage: async () => desktop.openPage(deps.webAccess.issueCode('passkeyUrl').url),
  });
  // Loads the code of the dialogs before an upgrade replaces it.
  deps.lateLoading.defer(() => desktop.loadDialogs());
  return { close: () => screen.close() };
}
