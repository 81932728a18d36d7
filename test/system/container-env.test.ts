// `rolecall container-env`: a container with a network of its own gets one role, renewed, and reaches nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/core/clock.ts';
import type { GrantDocument } from '../../src/local-api/schemas.ts';
import {
  canRunPodman,
  createContainerWorld,
  findRelays,
  type ContainerWorld,
  type EngineName,
  type ProbedContainer,
} from '../helpers/container-world.ts';
import { createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';
const TAYLOR = /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/;
const BY_TAYLOR: unknown = expect.stringMatching(TAYLOR);
const PYTHON = '/usr/bin/python3';
const helper = (name: string) => fileURLToPath(new URL(`../helpers/${name}`, import.meta.url));
const KEYS_LAST_SECONDS = 3600;
const TURNOVER_MS = 45 * 60_000;

const canContain = [systemPart('bubblewrap', '/usr/bin/bwrap'), systemPart('util-linux', '/usr/bin/nsenter')].every(
  Boolean,
);
const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});

const CLIENTS: readonly (readonly string[])[] = [
  ...(systemPart('AWS CLI v2', '/usr/bin/aws')
    ? [['/usr/bin/aws', 'sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']]
    : []),
  ...(hasBoto3 ? [[PYTHON, helper('boto3-identity.py')]] : []),
  [process.execPath, helper('js-sdk-identity.mjs'), 'fromNodeProviderChain'],
];

// Where podman can't run, bubblewrap alone shows the same: skipping would leave a machine of CI without any.
const ENGINES: readonly EngineName[] = canContain && canRunPodman() ? ['podman', 'bubblewrap'] : ['bubblewrap'];

describe.skipIf(!canContain).each(ENGINES)('a container of %s', { timeout: 120_000 }, (engine) => {
  // All of them in one engine's containers.
  const clients = engine === ENGINES[0] ? CLIENTS : CLIENTS.slice(-1);
  let rig: Rig;
  let world: ContainerWorld;
  let offsetMs = 0;
  beforeAll(async () => {
    const clock = { ...createSystemClock(), nowMs: () => Date.now() + offsetMs };
    rig = await createSignedInRig({
      clock,
      emulator: { clock, roleCredentialsLifetimeSeconds: KEYS_LAST_SECONDS },
    });
    world = await createContainerWorld(engine, rig);
  });
  afterAll(async () => {
    // Either can have failed to start.
    await world?.remove();
    await rig?.remove();
  });

  const grants = async (): Promise<readonly GrantDocument[]> => (await rig.client.call('grants', {})).grants;

  /** A container whose relay listens, with the address of its role. */
  async function startContainer(): Promise<{
    container: ProbedContainer;
    url: string;
    token: string;
    grantId: string;
  }> {
    const container = await world.start(PROFILE);
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url = '' } = (await container.ask('environment')) as Record<
      string,
      string
    >;
    expect(await container.ask('listening', { port: Number(new URL(url).port) })).toBe(true);
    const token = (await container.ask('run', { words: ['/bin/cat', '/run/rolecall/token'] })) as string;
    const grantId = (await grants()).at(-1)?.id ?? '';
    return { container, url, token, grantId };
  }

  test('gets its one role by every client, over three turnovers, and nothing else', async () => {
    const { container, url, token, grantId } = await startContainer();
    const calls = rig.emulator.countCalls('GetRoleCredentials');
    const turnovers = engine === ENGINES[0] ? 3 : 1;
    for (let turnover = 0; turnover <= turnovers; turnover += 1) {
      if (turnover > 0) offsetMs += TURNOVER_MS;
      // The AWS CLI and boto3 take seconds.
      const commands = turnover === turnovers ? clients : clients.slice(-1);
      expect(await container.ask('runAll', { commands })).toEqual(Array.from(commands, () => BY_TAYLOR));
    }
    expect(rig.emulator.countCalls('GetRoleCredentials') - calls).toBe(turnovers);

    expect(await container.ask('get', { url, headers: { authorization: token } })).toEqual({ status: 200, code: null });
    const refused = { status: 401, code: 'token-required' };
    expect(await container.ask('get', { url })).toEqual(refused);
    expect(await container.ask('get', { url, headers: { authorization: `${token}x` } })).toEqual(refused);
    const at = (path: string) => new URL(path, url).href;
    for (const path of ['/', '/v1/status', '/v1/grants', '/v1/credentials/current']) {
      expect(await container.ask('get', { url: at(path), headers: { authorization: token } })).toEqual(refused);
    }
    // Another role, also with a right token of its own.
    const other = await rig.client.call('createGrant', {
      body: { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' },
    });
    const otherHeaders = { authorization: other.token };
    expect(await container.ask('get', { url, headers: otherHeaders })).toEqual(refused);
    expect(await container.ask('get', { url: other.url, headers: otherHeaders })).toBe('ECONNREFUSED');
    // The ports of this machine and the socket of the daemon.
    const { port } = new URL(rig.environment['AWS_ENDPOINT_URL_STS'] ?? '');
    expect(await container.ask('connect', { port: Number(port) })).toBe('ECONNREFUSED');
    expect(await container.ask('connect', { path: rig.paths.socketPath })).toBe('ENOENT');
    expect(await container.ask('list', { path: '/run/rolecall' })).toEqual(['token']);
    expect(await container.ask('list', { path: '/run' })).not.toContain('user');

    // Nothing secret is where `docker inspect` or `ps` shows it.
    expect(JSON.stringify(await container.ask('environment'))).not.toContain(token);
    expect(findRelays(grantId)).toHaveLength(1);

    expect(await container.end(7)).toBe(7);
    expect(container.stderr()).toBe('');
    expect((await grants()).map(({ id }) => id)).toEqual([other.id]);
    expect(existsSync(join(dirname(rig.paths.socketPath), 'grants', grantId))).toBe(false);
    await waitFor('the end of the relay', () => findRelays(grantId).length === 0);
    await rig.client.call('revokeGrant', { id: other.id });
  });

  // One engine is enough for what follows.
  if (engine !== ENGINES[0]) return;

  test('does not serve another container', async () => {
    const { container, url, token } = await startContainer();
    const stranger = await world.startOther();
    expect(await stranger.ask('get', { url, headers: { authorization: token } })).toBe('ECONNREFUSED');
    expect(await container.ask('get', { url, headers: { authorization: token } })).toMatchObject({ status: 200 });
    await Promise.all([stranger.end(), container.end()]);
  });

  test('loses its role when rolecall is killed', async () => {
    const { container, url, token, grantId } = await startContainer();
    container.process.kill('SIGKILL');
    await waitFor('the end of the access', async () => {
      const answer = await container.ask('get', { url, headers: { authorization: token } });
      return answer === 'ECONNREFUSED';
    });
    await waitFor('the end of the relay', () => findRelays(grantId).length === 0);
    // The container itself goes on.
    await container.ask('environment');
    await container.end();
  });

  test('loses its role when the relay is killed, and ends as it would', async () => {
    const { container, url, token, grantId } = await startContainer();
    for (const pid of findRelays(grantId)) process.kill(pid, 'SIGKILL');
    await waitFor('the end of the grant', async () => (await grants()).every(({ id }) => id !== grantId));
    expect(await container.ask('get', { url, headers: { authorization: token } })).toBe('ECONNREFUSED');
    expect(await container.end(3)).toBe(3);
  });

  test('loses its role when the grant is ended, and the relay ends with it', async () => {
    const { container, url, token, grantId } = await startContainer();
    const { exitCode } = await rig.runCli(['container-env', '--end', grantId]);
    expect(exitCode).toBe(0);
    expect(await container.ask('get', { url, headers: { authorization: token } })).not.toMatchObject({ status: 200 });
    await waitFor('the end of the relay', () => findRelays(grantId).length === 0);
    await container.end();
  });
});
