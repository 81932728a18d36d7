// What `rolecall container-env` is asked to do, and what it runs with.
import type { CliContext } from '../../context.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import type { ContainerNetwork } from '../../reach/container-files.ts';
import type { RecipeFormat } from '../../reach/container-recipes.ts';
import type { LoginContext } from '../login/options.ts';

export interface ContainerEnvOptions {
  readonly for?: string;
  readonly region?: string;
  readonly network?: ContainerNetwork;
  readonly format?: RecipeFormat;
  readonly json?: boolean;
  readonly end?: string;
}

export type ContainerContext = PickerContext &
  LoginContext &
  Pick<CliContext, 'homeDirectory' | 'platform' | 'processId' | 'runAsChild' | 'userId'>;
