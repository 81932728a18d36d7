// As many GETs as kept connections carry for some seconds, for machines without wrk; prints the rate, the p99 and the failures.
import { Agent, request } from 'node:http';
import { percentile } from './measure.mjs';

const [url, token, connections, seconds] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const options = { agent, headers: { authorization: token } };
const latenciesMs = [];
let errors = 0;

function askOnce() {
  return new Promise((resolve) => {
    const startedAtMs = performance.now();
    const settle = (isWell) => {
      if (!isWell) errors += 1;
      latenciesMs.push(performance.now() - startedAtMs);
      resolve();
    };
    const outgoing = request(url, options, (incoming) => {
      incoming.resume();
      incoming.on('end', () => settle(incoming.statusCode === 200));
      incoming.on('error', () => settle(false));
    });
    outgoing.on('error', () => settle(false));
    outgoing.end();
  });
}

const startedAtMs = performance.now();
const endsAtMs = startedAtMs + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (performance.now() < endsAtMs) await askOnce();
  }),
);
const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
agent.destroy();
console.log(
  JSON.stringify({
    requests: latenciesMs.length,
    requestsPerSecond: latenciesMs.length / elapsedSeconds,
    p99Ms: percentile(latenciesMs, 0.99),
    errors,
  }),
);
