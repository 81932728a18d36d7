// The container provider of AWS's SDK for JavaScript: one fetch after the other, with its own retries, until the input ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHttp } from '@aws-sdk/credential-providers';

const over = new AbortController();
process.stdin.on('end', () => over.abort()).resume();
while (!over.signal.aborted) {
  const startedAtMs = performance.now();
  const took = () => Math.round(performance.now() - startedAtMs);
  try {
    await fromHttp()();
    console.log(`ok ${took()}`);
  } catch (error) {
    console.log(`failed after ${took()} ms: ${String(error).replaceAll('\n', ' ')}`);
  }
  await sleep(100 + Math.random() * 500, undefined, { signal: over.signal }).catch(() => undefined);
}
