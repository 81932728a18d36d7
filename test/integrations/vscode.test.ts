// Runs the VS Code extension with a stand-in for VS Code's module, against a real daemon on a real socket.
import { chmodSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

const folder = new URL('../../integrations/vscode/', import.meta.url);
const source = readFileSync(new URL('extension.js', folder), 'utf8');
const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
  main: string;
  extensionKind: string[];
  contributes: { commands: { command: string }[] };
};
const HOSTILE = '<b> $(zap) #(touch x) `x` [x](command:x) \u202e';

interface Item {
  text: string;
  tooltip: string;
  command: string;
  backgroundColor: unknown;
  isShown: boolean;
}
interface Choice {
  readonly label: string;
  readonly description: string;
}
interface Message {
  readonly text: string;
  readonly detail?: string;
  readonly actions: readonly string[];
}

/** What the extension uses of VS Code; `choose` and `press` are the person. */
function createEditor(environment: Readonly<Record<string, string>>) {
  const item: Item = { text: '', tooltip: '', command: '', backgroundColor: undefined, isShown: false };
  const commands = new Map<string, () => Promise<void>>();
  const messages: Message[] = [];
  const opened: string[] = [];
  const lists: (readonly Choice[])[] = [];
  const person = { choose: (_: readonly Choice[]): Choice | undefined => undefined, press: '' };
  const subscriptions: { dispose(): void }[] = [];
  const show = async (text: string, options?: { detail?: string }, ...actions: string[]) => {
    messages.push({ text, actions, ...(options?.detail === undefined ? {} : { detail: options.detail }) });
    return actions.find((action) => action === person.press);
  };
  const vscode = {
    StatusBarAlignment: { Left: 1 },
    ThemeColor: class {
      readonly id: string;
      constructor(id: string) {
        this.id = id;
      }
    },
    Uri: { parse: (text: string) => text },
    env: { openExternal: async (uri: string) => void opened.push(uri) },
    commands: {
      registerCommand(name: string, run: () => Promise<void>) {
        commands.set(name, run);
        return { dispose: () => void commands.delete(name) };
      },
    },
    window: {
      createStatusBarItem: () =>
        Object.assign(item, {
          show: () => void (item.isShown = true),
          hide: () => void (item.isShown = false),
          dispose: () => void (item.isShown = false),
        }),
      showInformationMessage: show,
      showWarningMessage: show,
      showErrorMessage: show,
      async showQuickPick(choices: readonly Choice[]) {
        lists.push(choices);
        return person.choose(choices);
      },
    },
  };
  const load = createRequire(import.meta.url);
  const module = { exports: {} as { activate: (context: object) => void } };
  const run = compileFunction(source, ['require', 'module', 'process'], {
    filename: fileURLToPath(new URL('extension.js', folder)),
  }) as (...values: unknown[]) => void;
  const { platform } = process;
  const ourProcess = { env: environment, platform, geteuid: () => process.geteuid?.() };
  run((name: string) => (name === 'vscode' ? vscode : (load(name) as unknown)), module, ourProcess);
  module.exports.activate({ subscriptions });
  return {
    item,
    messages,
    opened,
    lists,
    person,
    run: (name: string) => commands.get(name)?.(),
    commands: () => [...commands.keys()],
    dispose: () => {
      for (const each of subscriptions) each.dispose();
    },
  };
}

let rig: Rig;
let editor: ReturnType<typeof createEditor> | undefined;
const open = (environment: Readonly<Record<string, string>> = rig.environment) => {
  editor = createEditor(environment);
  return editor;
};
beforeAll(async () => {
  rig = await createRig({
    settings: '[[protect]]\npermission_set = "Admin-AF-Permission-Set"\naccount_id = "222222222222"\n',
    emulator: { autoApprove: false },
  });
});
afterEach(() => editor?.dispose());
afterAll(() => rig.remove());

test('offers exactly the commands that it registers, and runs where the daemon is', () => {
  const { commands } = open();
  expect(commands()).toEqual(manifest.contributes.commands.map(({ command }) => command));
  expect(manifest).toMatchObject({ main: './extension.js', extensionKind: ['ui'] });
});

describe('signed out', () => {
  test('says so, and signs in with the code shown and the page opened by VS Code', async () => {
    const { item, run, messages, opened, person } = open();
    await waitFor('the status bar', () => item.isShown);
    expect(item).toMatchObject({ text: '$(key) no role · signed out', command: 'rolecall.signIn' });
    person.press = 'Open page';
    await run('rolecall.signIn');
    const [pending] = rig.emulator.pendingDeviceAuthorizations();
    expect(messages).toEqual([
      {
        text: `Sign in to ${SESSION}`,
        detail: expect.stringContaining(`The code is ${pending?.userCode}. Approve only if you just started this.`),
        actions: ['Open page'],
      },
    ]);
    expect(opened).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/device/)]);
    rig.emulator.approve(pending?.userCode ?? '');
    await waitFor('the end of the sign-in', () => item.text === '$(key) no role');
    messages.length = 0;
    await run('rolecall.signIn');
    expect(messages).toEqual([{ text: `rolecall: You are signed in to ${SESSION}.`, actions: [] }]);
    await waitFor('the list of roles', async () => (await rig.client.call('roles', { query: {} })).roles.length > 3);
  });
});

describe('signed in', () => {
  test('switches the current role, and shows every change at once', async () => {
    const { item, run, person } = open();
    person.choose = (choices) => choices.find(({ description }) => description.includes('111111111111'));
    await run('rolecall.switchRole');
    await waitFor('the role', () => item.text === '$(key) taylor.Admin-AF-Permission-Set');
    await rig.runCli(['use', '--current', '--off']);
    await waitFor('no role', () => item.text === '$(key) no role');
    expect(item).toMatchObject({ command: 'rolecall.switchRole', backgroundColor: undefined });
  });

  test('asks before it takes a protected role', async () => {
    const { run, person, messages } = open();
    person.choose = (choices) => choices.find(({ description }) => description.endsWith('222222222222  protected'));
    await run('rolecall.switchRole');
    expect(messages).toEqual([{ text: expect.stringContaining('is protected. Use it?'), actions: ['Use it'] }]);
    expect(await rig.client.call('current', {})).toBe(null);
    person.press = 'Use it';
    await run('rolecall.switchRole');
    expect(await rig.client.call('current', {})).toMatchObject({ accountId: '222222222222' });
    person.choose = (choices) => choices.at(-1);
    await run('rolecall.switchRole');
    expect(await rig.client.call('current', {})).toBe(null);
  });

  test('shows neither icons nor links that an account has in its name', async () => {
    const account = { accountId: '333333333333', accountName: HOSTILE, emailAddress: 'x@example.com' } as const;
    rig.emulator.directory.updateAccount(account);
    await rig.runCli(['ls', '--refresh']);
    const { item, run, person, lists } = open();
    person.choose = (choices) => choices.find(({ description }) => description.includes('333333333333'));
    await run('rolecall.switchRole');
    const shown = '<b> $ (zap) #(touch x) `x` [x] (command:x) \ufffd';
    await waitFor('the role', () => item.tooltip.startsWith(shown));
    expect(lists[0]?.map(({ label }) => label)).toContain(shown);
    expect(item.text.replace('$(key)', '')).not.toContain('$(');
    await rig.runCli(['use', '--current', '--off']);
  });
});

test('shows nothing without a daemon, and speaks to no socket of another user', async () => {
  const none = open({ HOME: rig.home.path, ROLECALL_SOCKET: `${rig.home.path}/none.sock` });
  await none.run('rolecall.signIn');
  expect(none.item.isShown).toBe(false);
  expect(none.messages).toEqual([
    { text: 'rolecall: The daemon is not running. Run: rolecall daemon start', actions: [] },
  ]);
  none.dispose();
  chmodSync(dirname(rig.paths.socketPath), 0o777);
  try {
    const { run, messages, item } = open({ ROLECALL_SOCKET: rig.paths.socketPath });
    await run('rolecall.switchRole');
    expect(messages[0]?.text).toContain('Another user may control');
    expect(item.isShown).toBe(false);
  } finally {
    chmodSync(dirname(rig.paths.socketPath), 0o700);
  }
});

test('hides while the daemon is restarted, and comes back', async () => {
  const { item } = open();
  await waitFor('the status bar', () => item.isShown);
  await rig.restartDaemon();
  await waitFor('the status bar again', () => item.isShown && item.text.includes('signed out'));
});
