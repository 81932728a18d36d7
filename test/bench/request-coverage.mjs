// Preloaded into a daemon with --import: writes which of our files ran between a request and its answer.
import { appendFileSync } from 'node:fs';
import { Server, ServerResponse } from 'node:http';
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

const DIST = new URL('../../dist/', import.meta.url).href;
const reportPath = process.env.ROLECALL_BENCH_REQUEST_FILES;

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

/** Files whose functions ran since the last call. A session in its own thread answers at once. */
function takeFiles() {
  let files = [];
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error) throw new Error(error.message);
    files = coverage.result
      .filter(({ url, functions }) => url.startsWith(DIST) && functions.some(({ ranges }) => ranges[0].count > 0))
      .map(({ url }) => fileURLToPath(url).slice(fileURLToPath(DIST).length));
  });
  return files.map((file) => file.replace(/\.js$/, '.ts')).toSorted((a, b) => a.localeCompare(b));
}

const { emit } = Server.prototype;
Server.prototype.emit = function emitObserved(event, ...args) {
  if (event === 'request') {
    args[1].observedUrl = args[0].url;
    takeFiles();
  }
  return emit.call(this, event, ...args);
};

const { end } = ServerResponse.prototype;
ServerResponse.prototype.end = function endObserved(...args) {
  const result = end.apply(this, args);
  appendFileSync(reportPath, `${JSON.stringify({ url: this.observedUrl, files: takeFiles() })}\n`);
  return result;
};
