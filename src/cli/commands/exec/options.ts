// What `rolecall exec` is asked to do besides running the command.

export interface ExecOptions {
  readonly envKeys?: boolean;
  readonly region?: string;
  readonly tokenFile?: boolean;
  readonly via?: string;
  readonly policy?: readonly string[];
  readonly confine?: boolean;
  readonly readable?: readonly string[];
  readonly writable?: readonly string[];
  readonly env?: readonly string[];
  readonly network?: 'host' | 'own';
  readonly readOnly?: boolean;
  /** Whether "--" was typed right after the first word. */
  readonly isSeparated?: boolean;
}
