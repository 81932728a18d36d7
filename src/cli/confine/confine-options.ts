// What `rolecall exec --confine` is asked for besides the command.

export interface ConfineOptions {
  /** Paths that the command may read, as typed. */
  readonly readable: readonly string[];
  /** Paths that it may also write, as typed. */
  readonly writable: readonly string[];
  /** Names of variables that it gets in addition to the usual ones. */
  readonly env: readonly string[];
  /** Undefined if the user did not say. */
  readonly network: 'host' | 'own' | undefined;
  /** The command gets its keys by a port, not in its variables. */
  readonly hasKeysPort: boolean;
  /** The working directory can't be written. */
  readonly isReadOnly: boolean;
}

/** A path of this machine that the command sees, opened so that it cannot be exchanged before it is bound. */
export interface SharedPath {
  /** Without symlinks; the command sees it under the same name. */
  readonly path: string;
  readonly isWritable: boolean;
  /** Of this process, opened with O_PATH. */
  readonly descriptor: number;
}
