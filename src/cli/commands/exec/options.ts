// What `rolecall exec` is asked to do besides running the command.

export interface ExecOptions {
  readonly envKeys?: boolean;
  readonly region?: string;
  readonly tokenFile?: boolean;
  /** Whether "--" was typed right after the first word. */
  readonly isSeparated?: boolean;
}
