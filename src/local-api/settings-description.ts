// The settings in force with the origin of each, as a daemon process describes them for `rolecall config show`.
import type { ErrorBody } from '../core/errors.ts';

export interface DescribedSetting {
  /** As in the file: `secret_store`, `profiles.name`, `session.work.label`, `role[0]`. */
  readonly key: string;
  /** Passwords in URLs are replaced by asterisks. */
  readonly value: unknown;
  readonly origin: 'default' | 'file' | 'team' | 'environment';
  /** For a setting of a file. */
  readonly line?: number;
  /** For a setting of the environment: the variable. */
  readonly variable?: string;
}

export interface SettingsDescription {
  readonly path: string;
  readonly exists: boolean;
  /** The stored team file; null without one. */
  readonly teamPath: string | null;
  /** What is wrong, but keeps nothing from working. */
  readonly problems: readonly ErrorBody[];
  /** In the order of the documentation. Settings that are not set and have no fixed default are absent. */
  readonly settings: readonly DescribedSetting[];
}
