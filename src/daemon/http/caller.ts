// What a handler knows about its caller: how long it waits for an answer, whether it is still connected, and who it is.
import type { Program } from '../../core/program.ts';
import type { SurfaceName } from '../../local-api/routes.ts';

export interface Caller {
  /** Where the request arrived. */
  readonly surface: SurfaceName;
  /** The last event that it received before its connection broke, as it says. */
  readonly lastEventId: string | undefined;
  /** How long it waits, as it says with `Prefer: wait=SECONDS` (RFC 7240 4.3); undefined if it does not say. */
  readonly waitBudgetMs: number | undefined;
  /** A person has typed the command, as it says. */
  readonly isAtTerminal?: boolean;
  /** The process that started it, as our own clients say it; nothing proves it. */
  readonly processId: number | undefined;
  /** Aborts if it disconnects before it has its answer. */
  gone(): AbortSignal;
  /**
   * The program that asks; undefined if it can't be found. Looked up only when this is called, once, while the connection
   * is open. Never rejects.
   */
  program(): Promise<Program | undefined>;
}
