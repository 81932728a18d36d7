// The container surface under the load of many SDKs at once, beside a bare node:http server that answers the same bytes.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparePairs, describeSpread, median } from '../measure.mjs';
import { BARE_SERVER, LOAD_CLIENT, runProgram } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const CONNECTIONS = 64;
/** Many short ones, in pairs: what else the machine does hits both sides of one pair, or only few of the pairs. */
const ROUNDS = 15;
const ROUND_SECONDS = 1;
/** A minute for each side. */
const LONG_ROUNDS = 20;
const LONG_ROUND_SECONDS = 3;
const WARM_UP_SECONDS = 2;
const WRK = '/usr/bin/wrk';
/** Two thirds of the requests of a second. */
const BOUND = 1.5;
const ALLOWED_P99_MS = 20;

export async function measureContainerSurface(scene, { long }) {
  const rounds = long ? LONG_ROUNDS : ROUNDS;
  const seconds = long ? LONG_ROUND_SECONDS : ROUND_SECONDS;
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  // As `exec` makes them: each answer has to know that this process is there still.
  const grant = { ...(await world.createGrant(world.roles[0], process.pid)), pid: world.daemonPid };
  const bare = await startBareServer(scene, world, grant);

  await load(world, bare, WARM_UP_SECONDS);
  await load(world, grant, WARM_UP_SECONDS);
  const floors = [];
  const surfaceRounds = [];
  for (let round = 0; round < rounds; round += 1) {
    // Which of the two is first changes each time, so that a trend favours neither.
    const measureBare = async () => floors.push(await load(world, bare, seconds));
    const measureOurs = async () => surfaceRounds.push(await load(world, grant, seconds));
    for (const measure of round % 2 === 0 ? [measureBare, measureOurs] : [measureOurs, measureBare]) await measure();
  }
  const by = `${existsSync(WRK) ? 'wrk' : 'a small client of our own'} over ${CONNECTIONS} kept connections`;
  const ofRate = (side) => side.map(({ requestsPerSecond }) => 1e6 / requestsPerSecond);
  const ofProcessor = (side) => side.map(({ processorMicroseconds }) => processorMicroseconds);
  const rate = (side) => median(side.map(({ requestsPerSecond }) => requestsPerSecond)).toFixed(0);
  const p99 = (side) => median(side.map(({ p99Ms }) => p99Ms));
  const requestCount = surfaceRounds.reduce((sum, round) => sum + round.requests, 0);
  const rows = [
    {
      name: 'container surface, time for a request',
      how:
        `a warm role asked for by ${by}, by a grant that is bound to a process, against a bare \`node:http\` server with the ` +
        `same bytes and headers, as 1,000,000 over requests a second (${rate(surfaceRounds)} against ${rate(floors)}); ${rounds} pairs of ${seconds} s each, ${describeSpread(ofRate(floors), ofRate(surfaceRounds))}.`,
      unit: 'µs',
      floorName: 'bare node:http',
      bound: BOUND,
      ...comparePairs(ofRate(floors), ofRate(surfaceRounds)),
    },
    {
      name: 'container surface, p99',
      how:
        `of the same requests, the median of the rounds, against the ${ALLOWED_P99_MS} ms that are allowed; the bare server's is ` +
        `${p99(floors).toFixed(1)} ms.`,
      unit: 'ms',
      floorName: 'allowed',
      floor: ALLOWED_P99_MS,
      bound: 1,
      measured: p99(surfaceRounds),
    },
    {
      name: 'container surface, failed requests',
      how: `of the same ${requestCount} requests in ${rounds * seconds} s: no answer, or another status than 200.`,
      unit: 'requests',
      floorName: 'one would be too many',
      bound: 0,
      floor: 1,
      measured: surfaceRounds.reduce((sum, round) => sum + round.errors, 0),
    },
  ];
  if (existsSync('/proc/self/schedstat')) {
    rows.splice(1, 0, {
      name: 'container surface, processor time for a request',
      how:
        "of the same requests and both servers' threads: what the first row measures on a machine that does nothing else; " +
        `${describeSpread(ofProcessor(floors), ofProcessor(surfaceRounds))}.`,
      unit: 'µs',
      floorName: 'bare node:http',
      bound: BOUND,
      ...comparePairs(ofProcessor(floors), ofProcessor(surfaceRounds)),
    });
  }
  return rows;
}

/** The same bytes with the same headers, from a process of its own. */
async function startBareServer(scene, world, grant) {
  const answer = await fetch(grant.url, { headers: { authorization: grant.token } });
  if (answer.status !== 200) throw new Error(`the container surface answers ${answer.status}`);
  const skipped = new Set(['connection', 'keep-alive', 'date']);
  const headers = [...answer.headers].filter(([name]) => !skipped.has(name));
  const path = join(world.home.path, 'answer.json');
  writeFileSync(path, JSON.stringify({ headers: Object.fromEntries(headers), body: await answer.text() }));
  const { url, pid } = await scene.startSaying(BARE_SERVER, [path], world.environment);
  return { url, pid, token: grant.token };
}

/** One round, with the processor time that the server at `pid` took for each request. */
async function load(world, { url, token, pid }, seconds) {
  const beforeMs = readProcessorMs(pid);
  const round = await (existsSync(WRK) ? loadByWrk : loadByClient)(world, url, token, seconds);
  return { ...round, processorMicroseconds: ((readProcessorMs(pid) - beforeMs) * 1000) / round.requests };
}

/** Of all threads that live, in nanoseconds as Linux counts them; NaN elsewhere. */
function readProcessorMs(pid) {
  const directory = `/proc/${pid}/task`;
  if (!existsSync(directory)) return Number.NaN;
  const nanoseconds = readdirSync(directory).map((id) => readFileSync(join(directory, id, 'schedstat'), 'utf8'));
  return nanoseconds.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
}

async function loadByClient(world, url, token, seconds) {
  const args = [LOAD_CLIENT, url, token, String(CONNECTIONS), String(seconds)];
  return JSON.parse(await runProgram([process.execPath, ...args], world.environment));
}

/** One thread, for the servers have one as well and the machine may have two in all. */
async function loadByWrk(world, url, token, seconds) {
  const scriptPath = join(world.home.path, 'report.lua');
  writeFileSync(scriptPath, WRK_REPORT);
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', scriptPath, '-H', `Authorization: ${token}`];
  const printed = await runProgram([WRK, ...options, url], world.environment);
  return JSON.parse(printed.trim().split('\n').at(-1));
}

const WRK_REPORT = `
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"requestsPerSecond":%.1f,"p99Ms":%.3f,"errors":%d}\\n',
    summary.requests, summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1000, failed))
end
`;
