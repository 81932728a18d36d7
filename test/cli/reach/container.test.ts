// What `rolecall container-env` adds to a command line, and what it prints to paste.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { get } from 'node:http';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { containerWords, readContainerCommand } from '../../../src/cli/reach/container-command.ts';
import { chooseRelayPort, writeContainerFiles, type ContainerFiles } from '../../../src/cli/reach/container-files.ts';
import { formatRecipe, type Recipe } from '../../../src/cli/reach/container-recipes.ts';
import { enterNetworkWords } from '../../../src/cli/reach/relay-process.ts';
import { outsideArguments, relayScript } from '../../../src/cli/reach/relay-script.ts';
import { findLastingPort } from '../../helpers/lasting-port.ts';
import { runProcess } from '../../helpers/run-process.ts';
import type { IssuedGrantDocument } from '../../../src/local-api/schemas.ts';

const FILES: ContainerFiles = {
  folder: '/run/user/1000/my $folder/grants/0123456789abcdef',
  ownFolder: '/run/user/1000/my $folder/grants/0123456789abcdef',
  envFile: '/run/user/1000/my $folder/grants/0123456789abcdef/env',
  variables: { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:23456/role', AWS_REGION: 'us-east-1' },
};
const recipe = (network: Recipe['network']): Recipe => ({ grantId: '0123456789abcdef', files: FILES, network });

describe('a command line', () => {
  test.each([
    [['podman', 'run', '--rm', 'image'], ['podman'], 'own'],
    [['/usr/bin/docker', 'run', 'image'], ['/usr/bin/docker'], 'own'],
    [['sudo', 'docker', '--context', 'x', 'run', 'image'], ['sudo', 'docker', '--context', 'x'], 'own'],
    [['podman', 'run', '--network=host', 'image'], ['podman'], 'host'],
    [['podman', 'run', '--net', 'host', 'image'], ['podman'], 'host'],
    [['podman', 'run', '--network', 'bridge', 'image', 'host'], ['podman'], 'own'],
  ])('%j', (words, prefix, network) => {
    expect(readContainerCommand(words)).toMatchObject({ prefix, network });
  });

  test.each([
    [['ls']],
    [['podman', 'ps']],
    [['run']],
    [['podman', 'run', '--pidfile', 'x', 'image']],
    [['docker', 'run', '--cidfile=x', 'image']],
  ])('%j is refused', (words) => {
    expect(() => readContainerCommand(words)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('gets the options right after "run", and everything else stays as it is', () => {
    const words = ['sudo', 'docker', 'run', '-it', 'image', 'sh', '-c', 'docker run x'];
    expect(containerWords(readContainerCommand(words), FILES)).toEqual([
      'sudo',
      'docker',
      'run',
      '--env-file',
      FILES.envFile,
      '--mount',
      `type=bind,source=${FILES.folder},target=/run/rolecall,readonly`,
      '--cidfile',
      `${FILES.folder}/container-id`,
      '-it',
      'image',
      'sh',
      '-c',
      'docker run x',
    ]);
  });
});

describe('the network of a container is entered', () => {
  const pid = process.pid;
  const enter = (engine: 'docker' | 'podman', prefix: [string, ...string[]], userId: number, of = pid) =>
    enterNetworkWords({ engine, prefix }, { pid: of, userId, groupId: 100 });

  test('by root directly', () => {
    expect(enter('podman', ['podman'], 0)).toEqual(['nsenter', '--target', String(pid), '--net']);
  });
  test('by rootless podman through its own user namespace', () => {
    expect(enter('podman', ['podman', '--log-level=error'], 1000)).toEqual([
      'podman',
      '--log-level=error',
      'unshare',
      'nsenter',
      '--target',
      String(pid),
      '--net',
    ]);
  });
  test('by rootless docker through that of the container', () => {
    expect(enter('docker', ['docker'], 1000).slice(-2)).toEqual(['--user', '--preserve-credentials']);
  });
  test.each([
    [['sudo', 'docker'], pid],
    [['docker'], 0],
  ] as const)('by %j of root with sudo, and the relay runs as the user', (prefix, of) => {
    expect(enter('docker', [...prefix], 1000, of)).toEqual([
      'sudo',
      'nsenter',
      '--target',
      String(of),
      '--net',
      '--setuid',
      '1000',
      '--setgid',
      '100',
    ]);
  });
});

test('what is pasted is quoted for its place', () => {
  const folder = FILES.folder;
  expect(formatRecipe('docker', recipe('own'))).toBe(
    `docker run --detach --rm --name rolecall-0123456789abcdef --mount 'type=bind,source=${folder},target=/run/rolecall,readonly' node:22-alpine node /run/rolecall/relay.mjs
docker run --network container:rolecall-0123456789abcdef --env-file '${folder}/env' --mount 'type=bind,source=${folder},target=/run/rolecall,readonly' IMAGE
`,
  );
  expect(formatRecipe('docker', recipe('host'))).toBe(
    `docker run --network host --env-file '${folder}/env' --mount 'type=bind,source=${folder},target=/run/rolecall,readonly' IMAGE\n`,
  );
  const composed = folder.replace('$', '$$$$');
  expect(formatRecipe('compose', recipe('own'))).toBe(`services:
  app: # your service
    env_file: ["${composed}/env"]
    volumes:
      - { type: bind, source: "${composed}", target: /run/rolecall, read_only: true }
  rolecall:
    image: node:22-alpine
    command: ["node","/run/rolecall/relay.mjs"]
    network_mode: service:app
    depends_on: [app]
    volumes:
      - { type: bind, source: "${composed}", target: /run/rolecall, read_only: true }
`);
  expect(formatRecipe('compose', recipe('host'))).toContain('    network_mode: host\n');
  expect(JSON.parse(formatRecipe('devcontainer', recipe('own')))).toEqual({
    mounts: [`type=bind,source=${folder},target=/run/rolecall,readonly`],
    containerEnv: FILES.variables,
    postStartCommand: 'nohup node /run/rolecall/relay.mjs >/tmp/rolecall-relay.log 2>&1 &',
  });
  expect(JSON.parse(formatRecipe('devcontainer', recipe('host')))).toMatchObject({ runArgs: ['--network=host'] });
  expect(formatRecipe('k8s', recipe('own'))).toBe(`spec:
  volumes:
    - name: rolecall
      hostPath: { path: "${folder}", type: Directory }
  containers:
    - name: app # your container
      env:
        - { name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: "http://127.0.0.1:23456/role" }
        - { name: AWS_REGION, value: "us-east-1" }
      volumeMounts:
        - { name: rolecall, mountPath: /run/rolecall, readOnly: true }
    - name: rolecall
      image: node:22-alpine
      command: ["node","/run/rolecall/relay.mjs"]
      volumeMounts:
        - { name: rolecall, mountPath: /run/rolecall, readOnly: true }
`);
  expect(formatRecipe('k8s', recipe('host'))).toContain('  hostNetwork: true\n');
});

describe('in a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync('/tmp/rolecall-r-');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('the files have mode 0600, and only the token is secret', () => {
    const grant = { url: 'http://127.0.0.1/role', token: 'the-token', socketPath: join(folder, 'role.sock') };
    const files = writeContainerFiles(grant as IssuedGrantDocument, {
      region: 'eu-central-1',
      relayPort: 20_001,
      isStartedHere: false,
    });
    expect(readFileSync(files.envFile, 'utf8')).toBe(`AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:20001/role
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/run/rolecall/token
AWS_REGION=eu-central-1
AWS_DEFAULT_REGION=eu-central-1
AWS_EC2_METADATA_DISABLED=true
`);
    expect(readFileSync(join(folder, 'token'), 'utf8')).toBe('the-token');
    for (const name of ['env', 'token', 'relay.mjs']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test('the relay passes requests on, waits for a daemon that restarts, and ends with whoever started it', async () => {
    const grant = { url: 'http://127.0.0.1/role', token: 'the-token', socketPath: join(folder, 'role.sock') };
    const relayPort = await findLastingPort();
    writeContainerFiles(grant as IssuedGrantDocument, { region: undefined, relayPort, isStartedHere: false });
    const relay = spawn(process.execPath, [join(folder, 'relay.mjs'), ...outsideArguments('net:[1]')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => relay.once('exit', resolve));
    await new Promise((resolve) => relay.stdout.once('data', resolve));
    const answer = new Promise<number | undefined>((resolve, reject) => {
      get({ host: '127.0.0.1', port: relayPort, path: '/role' }, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode);
      }).on('error', reject);
    });
    // Only now does anything listen there.
    const server = createServer((socket) => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(grant.socketPath, resolve));
    expect(await answer).toBe(204);
    server.close();
    relay.stdin.end();
    expect(await ended).toBe(0);
  });

  test('the relay ends when the grant has ended, with which its own file is deleted', async () => {
    const path = join(folder, 'relay.mjs');
    writeFileSync(path, relayScript(0));
    const relay = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => relay.once('exit', resolve));
    await new Promise((resolve) => relay.stdout.once('data', resolve));
    rmSync(path);
    expect(await ended).toBe(0);
  });

  test('a container that we start gets the token alone, and none of the files that run here', () => {
    const socketPath = join(folder, 'role.sock');
    const directory = join(folder, 'state');
    mkdirSync(directory);
    const grant = { url: 'http://127.0.0.1/role', token: 'the-token', socketPath, directory };
    const files = writeContainerFiles(grant as IssuedGrantDocument, {
      region: undefined,
      relayPort: 20_001,
      isStartedHere: true,
    });
    expect(files).toMatchObject({ folder: join(directory, 'mount'), ownFolder: folder, envFile: join(folder, 'env') });
    expect(readdirSync(files.folder)).toEqual(['token']);
    expect(statSync(files.folder).mode & 0o777).toBe(0o700);
  });

  test.skipIf(process.platform !== 'linux')("a container on this machine's network gets no relay", async () => {
    const path = join(folder, 'relay.mjs');
    writeFileSync(path, relayScript(20_001));
    const network = readlinkSync('/proc/self/ns/net');
    const run = await runProcess(process.execPath, [path, ...outsideArguments(network)], { environment: {} });
    expect(run).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('shares the network') });
  });
});

test('the port of a relay is none that systems give to outgoing connections', () => {
  expect([chooseRelayPort(() => 0), chooseRelayPort(() => 0.999_999)]).toEqual([20_000, 31_999]);
  expect(relayScript(20_000)).toContain('port: 20000');
});
