// What `rolecall ssh` and `rolecall forward` are asked besides the host.

export interface ReachOptions {
  readonly role?: readonly string[];
  readonly for?: string;
}
