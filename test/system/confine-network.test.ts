// A network of its own for a confined command, and machines on which nothing can be confined.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canConfine, createConfinedWorld, PROFILE, type ConfinedWorld } from '../helpers/confined-world.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';

/** As root the device of this machine is enough; others need one that everybody may open, as distributions have it. */
const hasOwnNetwork =
  canConfine &&
  systemPart('passt', '/usr/bin/pasta') &&
  systemPartByCheck('/dev/net/tun', 'the device for tunnels', () => {
    if (process.getuid?.() !== 0 && (statSync('/dev/net/tun').mode & 0o006) !== 0o006) throw new Error('only for root');
    execFileSync('/usr/bin/unshare', ['--map-current-user', '--net', 'true'], { stdio: 'ignore' });
  });

let world: ConfinedWorld;
beforeAll(async () => {
  if (canConfine) world = await createConfinedWorld();
});
afterAll(() => world?.remove());

const listen = (options: { readonly port: number; readonly host: string } | { readonly path: string }) =>
  new Promise<Server>((resolve) => {
    const server = createServer((connection) => connection.on('error', () => undefined).end('hello\n'));
    server.listen(options, () => resolve(server));
  });

/** Prints what answers: the port of the keys, other ports of this machine, an abstract socket. */
const TRY = `import json, os, socket, sys, urllib.request
def reached(family, address):
    try:
        with socket.socket(family) as it:
            it.settimeout(5)
            it.connect(address)
            return True
    except OSError:
        return False
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
request.add_header("Authorization", os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
keys = json.load(opener.open(request, timeout=20))
gateways = [line.split()[2] for line in open("/proc/net/route").readlines()[1:] if line.split()[1] == "00000000"]
gateway = socket.inet_ntoa(bytes.fromhex(gateways[0])[::-1]) if gateways else "127.0.0.1"
print(json.dumps({
    "account": keys["AccountId"],
    "port": reached(socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))),
    "gateway": reached(socket.AF_INET, (gateway, int(sys.argv[1]))),
    # Node 20 pads the name.
    "abstract": any(reached(socket.AF_UNIX, name) for name in ("\\0" + sys.argv[2], ("\\0" + sys.argv[2]).ljust(108, "\\0"))),
}))
`;

describe.skipIf(!hasOwnNetwork)('with a network of its own, a command', () => {
  test('reaches the port of its keys, and no other port or abstract socket of this machine', async () => {
    const name = `rolecall-${world.home}`;
    const [other, abstract] = await Promise.all([
      listen({ port: 0, host: '127.0.0.1' }),
      listen({ path: `\0${name}` }),
    ]);
    try {
      writeFileSync(join(world.project, 'try.py'), TRY);
      const program = ['python3', 'try.py', String((other.address() as AddressInfo).port), name];
      const shared = await world.confined(program);
      expect(JSON.parse(shared.stdout)).toMatchObject({ account: '111111111111', port: true, abstract: true });
      // The later option counts.
      const own = await world.confined(program, ['--network=own']);
      expect({ ...own, stdout: JSON.parse(own.stdout || '{}') as unknown }).toEqual({
        exitCode: 0,
        stderr: '',
        stdout: { account: '111111111111', port: false, gateway: false, abstract: false },
      });
    } finally {
      other.close();
      abstract.close();
    }
  });

  test('has one without being asked where it could reach the desktop by a socket, and says so', async () => {
    const name = `/tmp/.X11-unix/X${process.pid}`;
    const desktop = await listen({ path: `\0${name}` });
    try {
      writeFileSync(join(world.project, 'try.py'), TRY);
      const program = [PROFILE, '--', 'python3', 'try.py', '1', name];
      const { exitCode, stdout, stderr } = await world.run([...world.rolecall, 'exec', '--confine', ...program]);
      expect({ exitCode, stdout: JSON.parse(stdout || '{}') as unknown }).toEqual({
        exitCode: 0,
        stdout: { account: '111111111111', port: false, gateway: false, abstract: false },
      });
      // Node 20 pads the name, and another desktop may run on this machine.
      expect(stderr).toMatch(/^Note: the command gets a network of its own, which hides @\S+ from it\./u);
      const keys = await world.run([...world.rolecall, 'exec', '--confine', '--env-keys', ...program]);
      expect(keys).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('Leave out --env-keys') });
    } finally {
      desktop.close();
    }
  });

  test('is not connected before it is in that network, however slow the machine is', async () => {
    const folder = join(world.home, 'slow');
    mkdirSync(folder, { mode: 0o755 });
    writeFileSync(join(folder, 'unshare'), '#!/bin/sh\nsleep 0.3\nexec /usr/bin/unshare "$@"\n', { mode: 0o755 });
    const PATH = `${folder}:${world.environment['PATH'] ?? ''}`;
    expect(await world.confined(['sh', '-c', 'exit 3'], ['--network=own'], { PATH })).toMatchObject({ exitCode: 3 });
  });

  test('keeps its exit code, signals and descriptors', async () => {
    const { exitCode, stdout } = await world.confined(
      ['sh', '-c', 'ls /proc/self/fd; kill -TERM $$'],
      ['--network=own'],
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 143, stdout: '0\n1\n2\n3\n' });
  });
});

describe.skipIf(!canConfine)('a command', () => {
  /** Runs one that writes a file, with `script` in place of a tool. */
  async function withTool(tool: string, script: string | undefined, option: string) {
    const folder = join(world.home, `with-${tool}`);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (script !== undefined) {
      writeFileSync(join(folder, tool), script);
      chmodSync(join(folder, tool), 0o755);
    }
    const words = [...world.rolecall, 'exec', '--confine', option, PROFILE, '--', 'touch', 'it-ran'];
    return world.run(words, { PATH: `${folder}:${world.environment['PATH'] ?? ''}` });
  }

  test("does not run where it can't be confined", async () => {
    const cannot = '#!/bin/sh\necho "bwrap: Creating new namespace failed: Operation not permitted" >&2\nexit 1\n';
    expect(await withTool('bwrap', cannot, '--network=host')).toMatchObject({
      exitCode: 7,
      stderr: expect.stringMatching(
        /^bwrap: Creating new namespace failed: Operation not permitted\nrolecall: The command was not run, because it can't be confined: .*\. \[confinement-unavailable\]\nRun: .+\n$/,
      ),
    });
    expect(await withTool('keyctl', '#!/bin/sh\nexit 1\n', '--network=host')).toMatchObject({ exitCode: 7 });
    expect(await world.run(['ls', 'it-ran'])).not.toMatchObject({ exitCode: 0 });
  });
});
