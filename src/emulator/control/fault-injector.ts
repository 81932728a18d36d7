// The active faults, and how they are applied to calls.
import type { Clock } from '../../core/clock.ts';
import { isExceptionOf } from '../http/aws-errors.ts';
import type { Reply } from '../http/http.ts';
import { OPERATIONS, type Operation } from '../http/operations.ts';
import { type Fault, parseFault, ruleOf } from './faults.ts';

export interface FaultInjector {
  /** @throws UsageError invalid-request: not a fault */
  add(fault: Fault): void;
  /** The active faults with their remaining counts. */
  list(): readonly Fault[];
  clear(): void;
  /**
   * The answer of the operation after faults; undefined when the connection should be closed without one.
   * Rejects with the signal's reason when it is aborted during a delay.
   */
  answer(call: FaultedCall, work: () => Promise<Reply>): Promise<Reply | undefined>;
}

export interface FaultedCall {
  readonly operation: Operation;
  readonly detail?: string | undefined;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

export function createFaultInjector(clock: Clock): FaultInjector {
  let active: readonly Fault[] = [];

  /** Takes the faults that affect this call: decrements their counts and removes those that are used up. */
  const take = (call: FaultedCall): readonly Fault[] => {
    const taken: Fault[] = [];
    active = active.flatMap((fault): readonly Fault[] => {
      if (!concerns(fault, call)) return [fault];
      // Only one fault besides delays affects a call; the others wait for the next call.
      if (fault.kind !== 'delay' && taken.some((earlier) => earlier.kind !== 'delay')) return [fault];
      if (fault.skip !== undefined) return [withSkip(fault, fault.skip - 1)];
      taken.push(fault);
      if (fault.count === undefined) return [fault];
      return fault.count > 1 ? [{ ...fault, count: fault.count - 1 }] : [];
    });
    return taken;
  };

  return {
    add(fault) {
      active = [...active, parseFault(fault)];
    },
    list: () => active,
    clear() {
      active = [];
    },
    async answer(call, work) {
      const taken = take(call);
      for (const fault of taken) {
        if (fault.kind === 'delay') await clock.sleep(fault.delayMs, call.signal);
      }
      const fault = taken.find(({ kind }) => kind !== 'delay');
      if (fault === undefined) return work();
      const rule = ruleOf(fault);
      if (rule.instead !== undefined) {
        return rule.instead(fault, { dialect: OPERATIONS[call.operation], requestId: call.requestId });
      }
      const reply = await work();
      return rule.afterwards?.(fault, reply);
    },
  };
}

function concerns(fault: Fault, call: FaultedCall): boolean {
  if (fault.operation !== '*' && fault.operation !== call.operation) return false;
  if (fault.detail !== undefined && fault.detail !== call.detail) return false;
  return fault.kind !== 'exception' || isExceptionOf(OPERATIONS[call.operation], fault.exception);
}

function withSkip(fault: Fault, skip: number): Fault {
  if (skip > 0) return { ...fault, skip };
  const { skip: _skip, ...rest } = fault;
  return rest;
}
