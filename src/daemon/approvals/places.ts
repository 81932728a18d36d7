// Where a person answers: a dialog on the screen, or a terminal. A notification leads to the dialog or to the page.
import type { Clock } from '../../core/clock.ts';
import type { ApprovalDocument } from '../../local-api/schemas.ts';
import { nowInTicks, readAncestry } from '../../platform/process/process-tree.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { WebAccess } from '../web-access/web-access.ts';
import type { Approval, Approvals } from './approvals.ts';
import { createAskers } from './askers.ts';
import { createOnScreen } from './on-screen.ts';

export interface Places {
  readonly handlers: Pick<Handlers, 'approveOnTerminal'>;
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
  /** Whether the programs of callers can be identified for certain. */
  readonly canIdentify: () => boolean;
  readonly userId: number;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  readonly log: Log;
}): Places {
  const { describe, desktop, lateLoading } = deps;
  // Before the screen: why no terminal can be used helps more than why there is no dialog.
  const askers = createAskers({ ...deps, platform: process.platform, readAncestry, nowInTicks });
  const screen = createOnScreen({
    ...deps,
    announce: deps.changes.announce,
    canAsk: () => desktop.canAsk(),
    loadDialogs: () => desktop.loadDialogs(),
    openPage: async () => desktop.openPage(deps.webAccess.issueCode('passkeyUrl').url),
  });
  // Loads the code of the dialogs before an upgrade replaces it.
  lateLoading.defer(() => desktop.loadDialogs());
  const loadTerminal = lateLoading.defer(async () => {
    const [{ createOnTerminal }, { findAgentOf }, { openTerminal }] = await Promise.all([
      import('./on-terminal.ts'),
      import('../../platform/process/process-tree.ts'),
      import('../../platform/programs/terminal-device.ts'),
    ]);
    return createOnTerminal({ ...deps, askers, system: { readAncestry, findAgentOf, openTerminal } });
  });
  return {
    handlers: {
      async approveOnTerminal({ id, body }, caller) {
        const terminal = await loadTerminal();
        return describe(await terminal.ask(id, body, caller));
      },
    },
    close: () => screen.close(),
  };
}
