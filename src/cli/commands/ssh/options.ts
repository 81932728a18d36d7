// What `rolecall ssh` and `rolecall forward` are asked: their host, and the options that both have.

export const HOST = {
  name: '<host>',
  description: 'user@host, ssh://user@host:port, or a host of your ssh configuration',
} as const;

export const REACH_OPTIONS = {
  '--role <profile>': { description: "a role for the host; this shell's by default", isRepeatable: true },
  '--for <time>': 'how long the host has it: 30m, 8h, 2d; 8h by default',
} as const;

export interface ReachOptions {
  readonly role?: readonly string[];
  readonly for?: string;
}
