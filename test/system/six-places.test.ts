// `rolecall login` and `rolecall doctor` as processes in six environments: which way to sign in they take, and what they say.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SignInDocument } from '../../src/local-api/schemas.ts';
import { findBrowserPlace, readPlaceFacts } from '../../src/platform/programs/browser-place.ts';
import { withQuickPrograms } from '../helpers/quick-programs.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { systemPartByCheck } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

interface Place {
  readonly variables: Readonly<Record<string, string>>;
  readonly flow: 'device' | 'pkce';
  readonly reason: string;
  readonly says: string;
  /** Whether the page is opened, and by which program. */
  readonly opens?: 'default' | 'named';
  /** A command that runs its arguments in such a place. */
  readonly inside?: readonly string[];
}

/** What podman puts into a container, in mounts that only this process sees. */
const IN_CONTAINER = 'mount -t tmpfs none /run && : >/run/.containerenv && exec "$@"';
const PKCE = 'authorization code (PKCE), because a browser is on this machine';

/** Then all processes here are in one, whatever their variables say. */
const isInContainer = findBrowserPlace({ DISPLAY: ':99' }, readPlaceFacts()) === 'container';

const PLACES: Readonly<Record<string, Place>> = {
  desktop: { variables: { DISPLAY: ':99' }, flow: 'pkce', reason: 'here', says: PKCE, opens: 'default' },
  ssh: {
    variables: {
      SSH_CONNECTION: '10.0.0.2 50000 10.0.0.1 22',
      SSH_CLIENT: '10.0.0.2 50000 22',
      SSH_TTY: '/dev/pts/1',
      DISPLAY: 'localhost:10.0',
    },
    flow: 'device',
    reason: 'ssh',
    says: 'device code, because this is an SSH session',
  },
  container: {
    variables: {},
    flow: 'device',
    reason: 'container',
    says: 'device code, because this is a container or a cloud workspace',
    inside: isInContainer ? [] : ['/usr/bin/unshare', '-m', '/bin/sh', '-c', IN_CONTAINER, 'sh'],
  },
  wsl: {
    variables: { WSL_DISTRO_NAME: 'Debian', DISPLAY: ':0' },
    flow: 'device',
    reason: 'wsl',
    says: 'device code, because the browser runs in Windows, outside of WSL',
    opens: 'default',
  },
  console: {
    variables: {},
    flow: 'device',
    reason: 'no-display',
    says: 'device code, because there is no display here',
  },
  browser: { variables: { BROWSER: 'NAMED' }, flow: 'pkce', reason: 'here', says: PKCE, opens: 'named' },
};

const hasContainer =
  isInContainer ||
  systemPartByCheck('own mounts', 'unshare -m', () => {
    if (process.getuid?.() !== 0) throw new Error('only root can mount');
    execFileSync('/usr/bin/unshare', ['-m', 'true']);
  });
const names = Object.keys(PLACES).filter((name) =>
  PLACES[name]?.inside === undefined ? !isInContainer : hasContainer,
);

interface Seen {
  readonly signIn: SignInDocument | null;
  readonly login: string;
  readonly doctor: { readonly groups: readonly { readonly name: string; readonly flows?: readonly object[] }[] };
  readonly opened: string;
}

let rig: Rig;
const seen = new Map<string, Seen>();

beforeAll(async () => {
  const sections = names.map(
    (name) =>
      `[sso-session ${name}]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n`,
  );
  rig = await createRig({ config: sections.join('\n'), emulator: { autoApprove: false } });
  await Promise.all(names.map(async (name) => seen.set(name, await visit(name))));
}, 120_000);
afterAll(() => rig.remove());

/** A browser that notes what it is told to open. */
function installBrowser(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(
    path,
    `#!/bin/sh\nprintf '%s ' ${name} "$@" >"${folder}/opened.new" && mv "${folder}/opened.new" "${folder}/opened"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

async function visit(name: string): Promise<Seen> {
  const { variables, inside = [] as readonly string[], opens } = PLACES[name] as Place;
  const folder = join(rig.home.path, name);
  // xdg-open starts it as the default browser; by its name it is no browser, so it does not decide.
  const [byDefault, named] = [installBrowser(folder, 'cat'), installBrowser(folder, 'firefox')];
  const environment = {
    ...rig.environment,
    PATH: withQuickPrograms(rig.home.path, rig.environment['PATH']),
    XDG_DATA_DIRS: folder,
    BROWSER: byDefault,
    ...variables,
    ...(variables['BROWSER'] === 'NAMED' ? { BROWSER: named } : {}),
  };
  const [program, ...args] = [...inside, process.execPath, ROLECALL];
  const doctor = runProcess(program, [...args, 'doctor', '--json'], { environment });
  const login = spawn(program, [...args, 'login', name], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  login.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const ended = once(login, 'exit');
  const opened = join(folder, 'opened');
  try {
    await waitFor(`login in place ${name} to wait for its page`, () =>
      /^Open.* the page in (?:a|your) browser/m.test(text),
    );
    if (opens !== undefined) await waitFor(`the browser of place ${name}`, () => existsSync(opened));
    return {
      signIn: await rig.client.call('signIn', { session: name }),
      login: text,
      doctor: JSON.parse((await doctor).stdout) as Seen['doctor'],
      opened: existsSync(opened) ? readFileSync(opened, 'utf8') : '',
    };
  } finally {
    login.kill('SIGINT');
    await ended;
  }
}

describe.each(names)('%s', (name) => {
  const { flow, reason, says, opens } = PLACES[name] as Place;

  test(`login takes the flow ${flow}, says why, and opens the page: ${opens ?? 'no'}`, () => {
    const { signIn, login, opened } = seen.get(name) as Seen;
    expect(signIn).toMatchObject({ state: 'pending', flow, flowReason: reason });
    expect(login.toLowerCase()).toContain(`${says.toLowerCase()}.\n`);
    expect(login.includes('  Code   ')).toBe(flow === 'device');
    expect(signIn?.verificationUri?.includes('/authorize?')).toBe(flow === 'pkce');
    const program = { default: 'cat', named: 'firefox' };
    expect(opened).toBe(opens === undefined ? '' : `${program[opens]} ${signIn?.openUri} `);
  });

  test(`doctor shows the flow ${flow} and why`, () => {
    const { groups } = (seen.get(name) as Seen).doctor;
    const group = groups.find((one) => one.name === 'sign-in');
    expect(group).toMatchObject({ summary: says });
    expect(group?.flows).toContainEqual({ session: name, setting: 'auto', flow, reason });
  });
});
