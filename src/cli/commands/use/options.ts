// What `rolecall use` is asked to do, and what its parts use to do it.
import type { PickerContext } from '../../picker/choose-role.ts';
import type { LoginContext } from '../login/options.ts';

export interface UseOptions {
  readonly current?: boolean;
  readonly off?: boolean;
  readonly json?: boolean;
  /** For the hook: prints only the profile's name. */
  readonly printName?: boolean;
  /** False: never asks, even on a terminal. */
  readonly picker: boolean;
  /** For the hook's `use -`: the name was in AWS_PROFILE before, so it is used as it is unless the credentials file shadows it. */
  readonly back?: boolean;
}

export type UseContext = PickerContext & LoginContext;
