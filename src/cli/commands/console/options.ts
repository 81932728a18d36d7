// The options of `rolecall console`, and what its parts use.
import type { CliContext, Places } from '../../context.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import type { LoginContext } from '../login/options.ts';

export interface ConsoleOptions {
  readonly service?: string;
  readonly region?: string;
  readonly federated?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
}

export type ConsoleContext = PickerContext &
  LoginContext &
  Places &
  Pick<CliContext, 'clock' | 'deletePageLater' | 'openBrowser' | 'userId'>;
