// Reads the shared config file for the status document; an unreadable file becomes a problem instead of an error.
import { toRolecallError } from '../../core/errors.ts';
import type { Problem } from '../../core/problems.ts';
import type { Chains } from '../roles/chains.ts';
import type { Settings } from '../settings/settings.ts';
import { findShadowedProfiles } from '../shared-config/shadowed-profiles.ts';
import type { SharedConfig, SharedConfigReading } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';

/** `profiles` and `sessionSections` are absent when the file could not be read. */
export type ConfigReading = Pick<SharedConfigReading, 'sessions' | 'nativeProfiles'> &
  Partial<Pick<SharedConfigReading, 'profiles' | 'sessionSections'>>;

/** Stands for a file that could not be read. */
export const UNREADABLE_CONFIG: Readonly<ConfigReading> = { sessions: [], nativeProfiles: [] };

/** What the file says, and the problems in it. Never rejects. */
export async function readConfig(deps: {
  readonly settings: Pick<Settings, 'profiles'>;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly chains: Pick<Chains, 'refresh' | 'problems'>;
}): Promise<{ reading: ConfigReading; configProblems: readonly Problem[] }> {
  try {
    const reading = await deps.sharedConfig.read();
    const conflict = await reading.blockConflict();
    const conflicts = conflict === undefined ? [] : [conflict];
    await deps.chains.refresh();
    return {
      reading,
      configProblems: [
        ...reading.problems,
        ...conflicts,
        ...(await findShadowedProfiles(reading, deps)),
        ...deps.chains.problems(),
      ],
    };
  } catch (error) {
    return { reading: UNREADABLE_CONFIG, configProblems: [toRolecallError(error).toBody()] };
  }
}
