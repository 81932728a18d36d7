// Loaded into a daemon of the bench before itself: at SIGUSR2 it collects all garbage and writes down what is left.
import { writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  // Twice: the first one runs finalizers, and what they let go of is collected by the second.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(process.env.ROLECALL_BENCH_HEAP_REPORT, JSON.stringify({ bytes: heapUsed + external }));
});
