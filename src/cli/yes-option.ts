// The option of the commands that end the daemon, and ask first if that ends a sign-in.

export const YES_OPTION = { '-y, --yes': 'do not ask, even if this ends a sign-in that is in memory only' } as const;

export interface YesOption {
  readonly yes?: boolean;
}
