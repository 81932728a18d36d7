// What a command asks of the role search.
export interface RoleRequest {
  readonly query: string;
  /** What the role is for, as the picker shows it: `in this shell`. */
  readonly purpose: string;
  /** The command line before the query, for hints: `rolecall use`. */
  readonly command: string;
  /** The command line after the query: ` -- terraform apply`. */
  readonly commandEnd?: string;
  /** Whether to ask the user when the query is not enough. */
  readonly mayAsk: boolean;
  /** Only roles that have a profile. */
  readonly needsProfile: boolean;
  /** The command only describes the role, so no role has to be confirmed. */
  readonly isReadOnly?: boolean;
  /** The query looks like the name of a profile, and none has it: perhaps it is gone. Then even one match has to be confirmed. */
  readonly isUnknownName?: boolean;
}
