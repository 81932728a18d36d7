// The options of `rolecall console`, and what its parts use.
import type { CliContext, DaemonAccess, Output, Places } from '../../context.ts';

export interface ConsoleOptions {
  readonly service?: string;
  readonly region?: string;
  readonly federated?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
}

export type ConsoleContext = DaemonAccess &
  Output &
  Places &
  Pick<CliContext, 'clock' | 'deletePageLater' | 'openBrowser' | 'userId'>;
