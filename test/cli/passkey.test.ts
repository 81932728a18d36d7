// `rolecall passkey add`, `list` and `remove`, with an authenticator in software where the page would be.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApprovalDocument, PasskeysDocument } from '../../src/local-api/schemas.ts';
import { createRig, type CliRun, type Rig } from '../helpers/rig.ts';
import { createSoftwarePasskey, type SoftwarePasskey } from '../helpers/software-authenticator.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig({ approvalPlaces: ({ approve }) => (approve === 'passkey' ? ['page'] : ['screen']) });
});
afterEach(() => rig.remove());

const text = (bytes: Buffer) => bytes.toString('base64url');

/** What the page asks for, with its token. */
async function post<T>(path: string, body?: unknown): Promise<T> {
  const { url, token } = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { url: string; token: string };
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect({ path, status: answer.status }).toEqual({ path, status: 200 });
  return (await answer.json()) as T;
}

const originOf = async () => (await rig.client.call('passkeys', {})).url ?? '';

async function register(id: string, made: SoftwarePasskey): Promise<PasskeysDocument> {
  const { options } = await post<{ options: { challenge: string } }>(`/v1/passkeys/${id}/options`);
  const { clientData, authenticatorData } = made.register(options.challenge, { origin: await originOf() });
  return post(`/v1/passkeys/${id}/registration`, {
    id: text(made.id),
    clientDataJSON: text(clientData),
    authenticatorData: text(authenticatorData),
    publicKey: text(made.publicKey),
    algorithm: made.algorithm,
    transports: ['usb'],
  });
}

async function approve(id: string, made: SoftwarePasskey): Promise<ApprovalDocument> {
  const { options } = await post<{ options: { challenge: string } }>(`/v1/approvals/${id}/challenge`);
  const { clientData, authenticatorData, signature } = made.assert(options.challenge, { origin: await originOf() });
  return post(`/v1/approvals/${id}/assertion`, {
    id: text(made.id),
    clientDataJSON: text(clientData),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
  });
}

/** Runs the command while `answer` does what a person does on the page. */
async function runWhile(words: string[], answer: (id: string) => unknown): Promise<CliRun> {
  const run = rig.runCli(['passkey', ...words]);
  await answer(await waitFor('question', () => rig.daemon().approvals.list()[0]?.id, { during: run }));
  return run;
}

const click = (id: string) => expect(rig.daemon().approvals.approve(id, 'click')).toBe(true);
const addFirst = (made: SoftwarePasskey, label = 'blue key') =>
  runWhile(['add', label, '--print'], async (id) => {
    click(id);
    await register(id, made);
  });

const SECOND =
  'Adding the passkey "green key" needs your approval. Answer with a passkey on the page (rolecall web).\n';

describe('rolecall passkey', () => {
  test('adds the first after a click, lists it, and removes it with itself', async () => {
    const blue = createSoftwarePasskey('ES256');
    const empty = await rig.runCli(['passkey', 'list']);
    expect(empty).toMatchObject({ exitCode: 0, stdout: '' });
    expect(empty.stderr).toContain('No passkey is registered. Register one: rolecall passkey add\n');
    const added = await addFirst(blue);
    expect(added).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^http:\/\/localhost:\d+\/#/),
      stderr: expect.stringContaining('Registered "blue key".\n'),
    });
    const { stdout } = await rig.runCli(['passkey', 'list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ passkeys: [{ id: text(blue.id), label: 'blue key' }], problem: null });
    // The rig has no keychain.
    expect((await rig.runCli(['passkey', 'list'])).stderr).toBe(
      'There is no keychain: passkeys end with the daemon.\n',
    );

    const green = createSoftwarePasskey('Ed25519');
    const second = await runWhile(['add', 'green key', '--print'], async (id) => {
      await approve(id, blue);
      await register(id, green);
    });
    expect(second).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(SECOND) });
    const removed = await runWhile(['remove', '--print', '--', text(blue.id).slice(0, 8)], (id) => approve(id, green));
    expect(removed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Removed "blue key".\n') });
    expect((await rig.client.call('passkeys', {})).passkeys.map(({ label }) => label)).toEqual(['green key']);
  });

  test('removes a passkey whose id begins with "-", by the id as listed and by all of it', async () => {
    const dashed = () =>
      createSoftwarePasskey('ES256', undefined, Buffer.concat([Buffer.from([0xfb, 0xef]), randomBytes(30)]));
    for (const words of [(id: string) => [id.replace(/^-+/, '').slice(0, 12)], (id: string) => ['--', id]]) {
      const made = dashed();
      const id = text(made.id);
      expect(id).toMatch(/^--/);
      await addFirst(made);
      expect((await rig.runCli(['passkey', 'list'])).stdout).toContain(`  ${id.replace(/^-+/, '').slice(0, 12)}  `);
      const removed = await runWhile(['remove', '--print', ...words(id)], (question) => approve(question, made));
      expect(removed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Removed "blue key".\n') });
    }
  });

  test('ends with 5 if the question is refused, and registers nothing', async () => {
    const run = await runWhile(['add', '--print'], (id) => rig.client.call('refuseApproval', { id }));
    expect(run).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/Adding the passkey ".+" was refused\./) });
    expect((await rig.client.call('passkeys', {})).passkeys).toEqual([]);
  });

  test('says which label is taken, and which passkey there is not', async () => {
    await addFirst(createSoftwarePasskey('ES256'));
    expect(await rig.runCli(['passkey', 'add', 'blue key'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'There is a passkey "blue key" already. [invalid-request]\nRun: rolecall passkey list\n',
      ),
    });
    expect(await rig.runCli(['passkey', 'remove', 'red\u001b[2Jkey'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('No passkey "red\ufffd[2Jkey".'),
    });
    expect(await rig.runCli(['passkey', 'add', 'two\nlines'])).toMatchObject({ exitCode: 2 });
    expect(rig.daemon().approvals.list()).toEqual([]);
  });

  test('returns at once with --no-wait', async () => {
    expect(await rig.runCli(['passkey', 'add', '--no-wait', '--print'])).toMatchObject({ exitCode: 0 });
    const [approval] = rig.daemon().approvals.list();
    expect(approval).toMatchObject({ approve: 'click', subject: { kind: 'add-passkey' } });
  });
});
