// A signed-in start of day: an emulator and a daemon as processes of their own, in a home of a scene.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDirectory } from '../../dist/emulator/directory/generate-directory.js';
import { DAEMON_MAIN, EMULATOR_MAIN, HEAP_REPORT, PAGE_DIRECTORY, SCALED_DAEMON } from './programs.mjs';
import { createSocketClient, isAnswering } from './socket-client.mjs';
import { waitFor } from './wait.mjs';

const SESSION = 'bench';

/**
 * Accounts x permission sets, signed in, listed, every profile written. `callsPerSecond` scales the daemon's rate,
 * which needs a daemon with another main file than the usual one; `reportsHeap` gives it a way to tell what it holds. `listingSeconds` is how long the listing took.
 * `daemonMain` is another daemon than the package's, and `preload` a file that runs in the daemon before it. `store` holds the variables of another secret store than memory.
 * With `settings` (the text of config.toml) that write fewer profiles, `writtenCount` says how many to wait for.
 */
export async function startWorld(
  scene,
  {
    accountCount,
    permissionSetCount,
    callsPerSecond,
    reportsHeap,
    settings,
    writtenCount,
    store,
    daemonMain = DAEMON_MAIN,
    preload,
  },
) {
  const home = scene.createHome();
  const directory = generateDirectory({ accountCount, permissionSetCount });
  const directoryPath = join(home.path, 'directory.json');
  writeFileSync(directoryPath, JSON.stringify(directory));
  const configPath = join(home.path, '.aws', 'config');
  mkdirSync(join(home.path, '.aws'), { mode: 0o700 });
  writeFileSync(configPath, formatSession(directory), { mode: 0o600 });

  if (settings !== undefined) {
    mkdirSync(join(home.path, '.config', 'rolecall'), { recursive: true, mode: 0o700 });
    writeFileSync(join(home.path, '.config', 'rolecall', 'config.toml'), settings, { mode: 0o600 });
  }

  const emulatorArguments = ['--directory', directoryPath, '--auto-approve', '--json'];
  const emulator = await scene.startSaying(EMULATOR_MAIN, emulatorArguments, home.environment);
  const emulatorUrl = emulator.url;
  const environment = {
    ...home.environment,
    AWS_ENDPOINT_URL_SSO_OIDC: emulatorUrl,
    AWS_ENDPOINT_URL_SSO: emulatorUrl,
    AWS_ENDPOINT_URL_STS: emulatorUrl,
    ROLECALL_NO_AUTOSTART: '1',
    ROLECALL_SECRET_STORE: 'memory',
    ...store,
    ROLECALL_BENCH_HEAP_REPORT: join(home.path, 'heap.json'),
    ROLECALL_BENCH_REQUEST_FILES: join(home.path, 'request-files.jsonl'),
  };
  const socketPath = socketPathOf(home);
  const daemonArguments =
    callsPerSecond === undefined ? [daemonMain] : [SCALED_DAEMON, String(callsPerSecond), PAGE_DIRECTORY];
  const preloads = [...(reportsHeap ? [HEAP_REPORT] : []), ...(preload === undefined ? [] : [preload])];
  const nodeArguments = [...(reportsHeap ? ['--expose-gc'] : []), ...preloads.flatMap((path) => ['--import', path])];
  const daemon = scene.start(process.execPath, [...nodeArguments, ...daemonArguments], { environment });
  await waitFor('the daemon', () => isAnswering(socketPath));
  const client = createSocketClient(socketPath);

  await ask(client, `/v1/sessions/${SESSION}/sign-in`, 'POST', '{}');
  await waitFor('the sign-in', async () => {
    const { state } = await ask(client, `/v1/sessions/${SESSION}/sign-in`);
    return state === 'approved';
  });
  const signedInAtMs = performance.now();
  const roleCount = accountCount * permissionSetCount;
  // The daemon lists after each sign-in. This request waits for that listing, and asks again only for what came before it.
  const { accounts } = await ask(client, '/v1/accounts?refresh=true');
  const listingSeconds = (performance.now() - signedInAtMs) / 1000;
  if (accounts.length !== accountCount) throw new Error(`${accounts.length} accounts of ${accountCount} were listed`);
  await waitFor(`${roleCount} profiles`, () => {
    const profiles = readFileSync(configPath, 'utf8').match(/^\[profile /gm) ?? [];
    return profiles.length >= (writtenCount ?? roleCount);
  });

  return {
    home,
    configPath,
    environment,
    emulatorUrl,
    /** What the emulator's process says of itself: `url`, `controlToken`. */
    emulator,
    sessionName: SESSION,
    socketPath,
    daemonPid: daemon.pid,
    heapReportPath: environment.ROLECALL_BENCH_HEAP_REPORT,
    client,
    listingSeconds,
    roles: directory.assignments.map(({ accountId, permissionSet }) => ({ accountId, permissionSet })),
    credentialsPath: (role) => `/v1/credentials?${formatSelectors(role).join('&')}`,
    selectors: formatSelectors,
    /** `{ url, token }` of the container surface. */
    createGrant: ({ accountId, permissionSet }, processId) =>
      ask(client, '/v1/grants', 'POST', JSON.stringify({ session: SESSION, accountId, permissionSet, processId })),
    clientPath: join(home.path, '.local', 'share', 'rolecall', 'bin', 'rolecall-credential-process'),
    clientArguments: (role) => ['--session', SESSION, '--account', role.accountId, '--role', role.permissionSet],
  };
}

export const socketPathOf = (home) => join(home.environment.XDG_RUNTIME_DIR, 'rolecall', 'daemon.sock');

function formatSelectors({ accountId, permissionSet }) {
  return [`session=${SESSION}`, `account=${accountId}`, `role=${permissionSet}`];
}

function formatSession({ startUrl, region }) {
  return `[sso-session ${SESSION}]
sso_start_url = ${startUrl}
sso_region = ${region}
sso_registration_scopes = sso:account:access
`;
}

async function ask(client, path, method, body) {
  const { status, text } = await client.get(path, method, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  return JSON.parse(text);
}
