// What `rolecall ls` is asked to show.

export interface LsOptions {
  readonly json?: boolean;
  readonly roles?: boolean;
  readonly refresh?: boolean;
  readonly wide?: boolean;
  readonly pager: boolean;
}
