// Ten SDK clients as their users' programs: four SDKs, through credential_process and through the container address.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const programPath = (name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const GO_BUILD = {
  GO111MODULE: 'off',
  GOPATH: '/usr/share/gocode',
  GOCACHE: fileURLToPath(new URL('../../../node_modules/.cache/go-build', import.meta.url)),
  CGO_ENABLED: '0',
  GOFLAGS: '-p=2 -gcflags=all=-N',
};

/** The clients' commands, by the names they have in the report; those of missing programs are left out, and said. */
export function prepareClients(folder) {
  const goProgram = join(folder, 'go-sdk-loop');
  const clients = {
    boto3: ['/usr/bin/python3', programPath('boto3-loop.py')],
    'JS SDK': [process.execPath, programPath('js-sdk-loop.mjs')],
    'Go SDK': [goProgram],
    'AWS CLI': ['/bin/sh', programPath('aws-cli-loop.sh')],
  };
  const isThere = {
    boto3: () => execFileSync('/usr/bin/python3', ['-c', 'import boto3']),
    'JS SDK': () => undefined,
    'Go SDK': () =>
      execFileSync('/usr/bin/go', ['build', '-o', goProgram, programPath('go-sdk-loop.go')], {
        env: { ...GO_BUILD, PATH: '/usr/bin:/bin', HOME: folder },
      }),
    'AWS CLI': () => execFileSync('/usr/bin/aws', ['--version'], { stdio: 'ignore' }),
  };
  for (const name of Object.keys(clients)) {
    try {
      isThere[name]();
    } catch (error) {
      console.error(`${name}: left out, for it cannot be run (${error.message.split('\n')[0]})`);
      delete clients[name];
    }
  }
  return clients;
}

/** How often each kind of client is started, with keys from where. */
const STARTS = [
  ['boto3', 'process'],
  ['boto3', 'container'],
  ['boto3', 'process'],
  ['JS SDK', 'process'],
  ['JS SDK', 'container'],
  ['JS SDK', 'container'],
  ['Go SDK', 'process'],
  ['Go SDK', 'container'],
  ['AWS CLI', 'process'],
  ['AWS CLI', 'container'],
];

/**
 * Starts them; `outcomes` gets what each call of each client came to, with the time.
 * `roles` and `grants` say what they are, in turn.
 */
export function startClients(scene, { clients, environment, roles, createGrant, profileOf }) {
  const outcomes = [];
  const start = async ([kind, source], index) => {
    const command = clients[kind];
    if (command === undefined) return;
    const role = roles[index % roles.length];
    const grant = source === 'process' ? undefined : await createGrant(role);
    const { child, end } = scene.start(command[0], command.slice(1), {
      stdout: 'pipe',
      environment: {
        ...environment,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_PAGER: '',
        ...(grant === undefined
          ? { AWS_PROFILE: profileOf(role) }
          : {
              AWS_CONTAINER_CREDENTIALS_FULL_URI: grant.url,
              AWS_CONTAINER_AUTHORIZATION_TOKEN: grant.token,
            }),
      },
    });
    const name = `${kind}, ${source}`;
    createInterface({ input: child.stdout }).on('line', (line) => {
      outcomes.push({ index, name, at: new Date().toISOString(), ...JSON.parse(line) });
    });
    return end;
  };
  const started = Promise.all(STARTS.map(start));
  return {
    outcomes,
    count: STARTS.filter(([kind]) => clients[kind] !== undefined).length,
    started,
    end: async () => void (await Promise.all((await started).map((end) => end?.()))),
  };
}
