// Sums up vitest's JSON report as "N passed, N failed, N skipped" and fails when anything failed or nothing ran.
import { readFileSync } from 'node:fs';

/** Skips that CI puts up with: part of the test's name, and why. Everything else that is skipped there has failed. */
const ALLOWED_SKIPS = [];

const [reportPath, ...failedStages] = process.argv.slice(2);
const isSystemRequired = process.env.ROLECALL_REQUIRE_SYSTEM === '1';
const passed = [];
const failed = [];
const skipped = [];

let report;
try {
  report = JSON.parse(readFileSync(reportPath, 'utf8'));
} catch (error) {
  console.log(`There is no report of the tests (${error.message}).`);
}

for (const file of report?.testResults ?? []) {
  // A file that does not load, or whose beforeAll fails, has no failed test in the report, at most skipped ones.
  const isBroken = file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');
  if (isBroken) failed.push(`${file.name}: ${file.message.split('\n')[0] || 'it could not be run'}`);
  for (const { fullName, status } of file.assertionResults) {
    const name = `${file.name}: ${fullName}`;
    const maySkip = isBroken || !isSystemRequired || ALLOWED_SKIPS.some(({ part }) => fullName.includes(part));
    if (status === 'passed') passed.push(name);
    else if (status === 'failed') failed.push(name);
    else if (maySkip) skipped.push(name);
    else failed.push(`${name} (skipped, but ROLECALL_REQUIRE_SYSTEM is set)`);
  }
}

// "npm test" fails because of the tests above, unless none of those is known to have failed.
const areTestsToBlame = failed.length > 0;
for (const stage of failedStages) if (stage !== 'npm test' || !areTestsToBlame) failed.push(`stage ${stage}`);
const answerCount = countAnswers();
if (answerCount === 0) failed.push('not one answer was validated against schemas/openapi-*.json');
if (passed.length === 0 && failed.length === 0) failed.push('not one test ran');

if (answerCount !== undefined) console.log(`${answerCount} answers validated`);
for (const name of failed) console.log(`failed: ${name}`);
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** How many answers of daemons the tests have validated; undefined if nobody counted. */
function countAnswers() {
  const { ROLECALL_ANSWER_COUNTS: path } = process.env;
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .reduce((sum, line) => sum + Number(line), 0);
  } catch {
    return 0;
  }
}
