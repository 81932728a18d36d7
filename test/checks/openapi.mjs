// Lints the OpenAPI documents of schemas/ with Redocly's recommended rules: no errors and no warnings.
import { createConfig, lint } from '@redocly/openapi-core';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../schemas', import.meta.url));
const documents = readdirSync(FOLDER).filter((name) => /^openapi-.*\.json$/.test(name));
const config = await createConfig({ extends: ['recommended'] });

/** "SEVERITY RULE at POINTER: MESSAGE" for each. */
async function findFaults(path) {
  const problems = await lint({ ref: path, config });
  return problems.map(({ severity, ruleId, location: [place], message }) => {
    return `${severity} ${ruleId} at ${place?.pointer}: ${message}`;
  });
}

/** What a document with one fault in it has: the linter must see it, or its silence says nothing. */
async function findPlantedFaults(name) {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-openapi-'));
  try {
    const document = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
    const [operation] = Object.values(Object.values(document.paths)[0]);
    delete operation.operationId;
    operation.responses[200].content = { 'application/json': { schema: { $ref: '#/components/schemas/Missing' } } };
    writeFileSync(join(folder, name), JSON.stringify(document));
    return await findFaults(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const faults = [];
if (documents.length < 4) faults.push(`schemas has only ${documents.length} OpenAPI documents`);
for (const name of documents) {
  faults.push(...(await findFaults(join(FOLDER, name))).map((fault) => `schemas/${name}: ${fault}`));
}
const planted = await findPlantedFaults('openapi-container.json');
for (const expected of ['warn operation-operationId', 'error no-unresolved-refs']) {
  if (!planted.some((fault) => fault.startsWith(expected))) {
    faults.push(`Redocly does not find what it is given: ${expected}`);
  }
}
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
