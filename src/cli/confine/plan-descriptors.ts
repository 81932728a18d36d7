// Numbers the descriptors that a confined command and the programs before it get.
import { accessSync } from 'node:fs';
import type { SharedPath } from './confine-options.ts';
import type { ChildDescriptors } from './run-confined.ts';

export interface DescriptorPlan extends ChildDescriptors {
  readonly errors: number;
  readonly status: number;
  readonly filter: number;
  /** The shared paths with their numbers in the child. */
  readonly shared: readonly SharedPath[];
}

/** Descriptors that the command names as files, like those of `diff <(one) <(other)`, keep their numbers. */
export function planDescriptors(
  command: readonly string[],
  shared: readonly SharedPath[],
  options: { readonly hasOwnNetwork: boolean },
  isOpen: (descriptor: number) => boolean = isOpenHere,
): DescriptorPlan {
  const named = command
    .map((word) => Number(/^(?:[^/]*=)?\/(?:dev|proc\/self)\/fd\/(\d{1,3})$/u.exec(word)?.[1] ?? 0))
    .filter((descriptor) => descriptor > 2 && isOpen(descriptor));
  const passed = new Map(named.map((descriptor) => [descriptor, descriptor]));
  let last = 2;
  const next = () => {
    do last += 1;
    while (passed.has(last));
    return last;
  };
  // The first two are used by sh, of which some know single digits only.
  const errors = next();
  const go = options.hasOwnNetwork ? next() : undefined;
  const status = next();
  const filter = next();
  const numbered = shared.map((each) => ({ ...each, descriptor: next() }));
  for (const [index, { descriptor }] of numbered.entries()) {
    passed.set(descriptor, shared[index]?.descriptor ?? descriptor);
  }
  return { errors, status, filter, go, passed, named, shared: numbered };
}

function isOpenHere(descriptor: number): boolean {
  try {
    accessSync(`/dev/fd/${descriptor}`);
    return true;
  } catch {
    return false;
  }
}
