// schemas/openapi-emulator.json is what the emulator serves, and its schemas accept what the emulator answers and takes.
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SCHEMAS } from '../../src/emulator/control/control-schemas.ts';
import { CONTROL_ROWS } from '../../src/emulator/control/control-table.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { OPERATION_NAMES } from '../../src/emulator/http/operations.ts';
import { call, pollToken, registerClient, startDevice, startEmulator } from './start.ts';

const path = fileURLToPath(new URL('../../schemas/openapi-emulator.json', import.meta.url));

interface Operation {
  readonly operationId: string;
  readonly summary: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let text: string;
beforeAll(async () => {
  const emulator = createEmulator();
  const { url } = await emulator.listen();
  ({ text } = await call(`${url}/control/v1/openapi.json`));
  await emulator.close();
});

test('schemas/openapi-emulator.json is up to date; `npm run docs` updates it', async () => {
  await expect(`${JSON.stringify(JSON.parse(text), null, 2)}\n`).toMatchFileSnapshot(path);
});

test('it has every control route and every AWS operation, each with a name of its own', () => {
  const { paths } = JSON.parse(text) as Document;
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const names = operations.map(({ operationId }) => operationId);
  expect(names.length).toBe(new Set(names).size);
  expect(names).toEqual(expect.arrayContaining(CONTROL_ROWS.map(({ id }) => id)));
  const summaries = operations.map(({ summary }) => summary).join(', ');
  expect(OPERATION_NAMES.filter((name) => !summaries.includes(name))).toEqual([]);
  expect(Object.keys(paths).filter((known) => !known.startsWith('/control/'))).toEqual([
    '/client/register',
    '/device_authorization',
    '/token',
    '/assignment/accounts',
    '/assignment/roles',
    '/federation/credentials',
    '/logout',
    '/',
    '/authorize',
    '/federation',
  ]);
});

function createValidator() {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': isTime, uri: URL.canParse } });
  ajv.addKeyword('components');
  ajv.addSchema({ $id: 'emulator', components: { schemas: SCHEMAS } });
  return (name: string, value: unknown) => {
    const isValid = ajv.validate({ $ref: `emulator#/components/schemas/${name}` }, value);
    return isValid ? 'valid' : `${name}: ${ajv.errorsText()}`;
  };
}

const isTime = (value: string) => new Date(value).toISOString() === value;

describe('the schemas', () => {
  test('accept the answer of every route that has one', async () => {
    const validate = createValidator();
    const started = await startEmulator();
    const { emulator, url } = started;
    emulator.addFault({ operation: 'Logout', kind: 'throttle', retryAfterSeconds: 1, count: 2 });
    const client = await registerClient(started);
    await startDevice(started, client);
    const parameters: Readonly<Record<string, string>> = { requestId: 'none', userCode: 'none' };
    const seen: string[] = [];
    for (const { id, method, path: template, answer, body } of CONTROL_ROWS) {
      if (answer === undefined || answer === 'Location') continue;
      const target = template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => parameters[name] ?? '');
      const reply = await call(`${url}/control/v1/${target}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === 'Advance' ? { body: '{"seconds":1.5}' } : {}),
      });
      expect({ id, status: reply.status, is: validate(answer, reply.json) }).toEqual({ id, status: 200, is: 'valid' });
      seen.push(id);
    }
    expect(seen.length).toBe(16);
    expect((await pollToken(started, client, 'none')).status).toBe(400);
  });

  test('accept what the emulator accepts, and refuse what it refuses', async () => {
    const validate = createValidator();
    const { url } = await startEmulator();
    const post = async (target: string, body: unknown, method = 'POST') => {
      const headers = { 'content-type': 'application/json' };
      return (await call(`${url}/control/v1/${target}`, { method, headers, body: JSON.stringify(body) })).status < 300;
    };
    const cases: readonly (readonly [schema: string, target: string, body: unknown, method?: string])[] = [
      ['Account', 'accounts', { accountId: '555555555555', accountName: '', kind: 'invited' }],
      ['Account', 'accounts', { accountId: '55555555555' }],
      ['Account', 'accounts', { accountId: '666666666666', kind: 'bought' }],
      ['Account', 'accounts', { accountId: '666666666666', name: 'x' }],
      ['User', 'users', { userName: 'kim', groups: ['Auditors'] }],
      ['User', 'users', { userName: 'a b' }],
      ['Group', 'groups', { name: 'New' }],
      ['Group', 'groups', { name: '' }],
      ['PermissionSet', 'permission-sets', { name: 'Deploy', sessionDurationSeconds: 900 }],
      ['PermissionSet', 'permission-sets', { name: 'Short', sessionDurationSeconds: 899 }],
      ['Fault', 'faults', { operation: '*', kind: 'delay', delayMs: 0 }],
      ['Fault', 'faults', { operation: 'Nothing', kind: 'drop' }],
      ['Fault', 'faults', { operation: '*', kind: 'drop', count: 0 }],
      ['Knobs', 'knobs', { roleCredentialsLifetimeSeconds: null, autoApprove: 'sam' }, 'PATCH'],
      ['Knobs', 'knobs', { pageSize: 101 }, 'PATCH'],
      ['Knobs', 'knobs', { pagesize: 1 }, 'PATCH'],
      ['Advance', 'time/advance', { seconds: 0 }],
      ['Advance', 'time/advance', { seconds: -1 }],
      ['Advance', 'time/advance', {}],
      ['ByUser', 'sessions/revoke', { user: 'sam' }],
      ['Empty', 'reset', { everything: true }],
    ];
    const verdicts = await Promise.all(
      cases.map(async ([schema, target, body, method]) => ({
        body,
        schema: validate(schema, body) === 'valid',
        emulator: await post(target, body, method),
      })),
    );
    expect(verdicts.filter(({ schema, emulator }) => schema !== emulator)).toEqual([]);
    expect(verdicts.filter(({ schema }) => schema)).toHaveLength(7);
  });

  test('accept errors of every kind', async () => {
    const validate = createValidator();
    const emulator = createEmulator();
    const { url } = await emulator.listen();
    onTestFinished(() => emulator.close());
    const headers = { 'content-type': 'application/json' };
    const answers = await Promise.all([
      call(`${url}/control/v1/status?all=1`),
      call(`${url}/control/v1/status`, { headers: { origin: 'null' } }),
      call(`${url}/control/v1/users/nobody`, { method: 'DELETE', headers }),
      call(`${url}/control/v1/nothing`),
      call(`${url}/control/v1/time/advance`),
      call(`${url}/control/v1/permission-sets/ReadOnly`, { method: 'DELETE', headers }),
      call(`${url}/control/v1/users`, { method: 'POST', headers, body: ' '.repeat(70_000) }),
    ]);
    expect(answers.map(({ status, json }) => [status, validate('Error', json)])).toEqual(
      [400, 403, 404, 404, 405, 409, 413].map((status) => [status, 'valid']),
    );
  });
});
