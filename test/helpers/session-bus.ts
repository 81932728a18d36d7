// A session bus for one test, with a tray on it that uses GLib, an independent D-Bus implementation.
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readLines } from './processes.ts';
import { systemPart, systemPartByCheck } from './system.ts';
import { waitFor } from './wait-for.ts';

const HOST = fileURLToPath(new URL('tray-host.py', import.meta.url));

/** Whether this machine has what the two below are made of. */
export const hasSessionBus = (): boolean =>
  systemPart('dbus-daemon', '/usr/bin/dbus-daemon') &&
  systemPart('gdbus', '/usr/bin/gdbus') &&
  systemPartByCheck('python3-gi', '/usr/bin/python3', () =>
    execFileSync('/usr/bin/python3', ['-c', 'from gi.repository import Gio'], { stdio: 'ignore' }),
  );

export interface SessionBus {
  readonly environment: Readonly<Record<string, string>>;
  /** For `net.connect`. */
  readonly socketPath: string;
  end(): void;
}

/** At an address of its own choice, or at `socketPath`, where one that has ended may have been. */
export async function startSessionBus(
  environment: Readonly<Record<string, string>>,
  socketPath?: string,
): Promise<SessionBus> {
  const at = socketPath === undefined ? [] : [`--address=unix:path=${socketPath}`];
  const bus = spawn('/usr/bin/dbus-daemon', ['--session', '--nofork', '--print-address', ...at], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = readLines(bus);
  const address = await waitFor('the address of the bus', () => lines[0]);
  return {
    environment: { ...environment, DBUS_SESSION_BUS_ADDRESS: address },
    socketPath: /path=([^,]+)/.exec(address)?.[1] ?? '',
    end: () => void bus.kill('SIGKILL'),
  };
}

/** An entry of a menu as it came over the bus. */
export interface SeenItem {
  readonly id: number;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly children: readonly SeenItem[];
}

export type HostEvent = Readonly<Record<string, unknown>> & { readonly event: string };

export interface TrayHost {
  /** What happened so far: items that registered, their signals. */
  readonly events: () => readonly HostEvent[];
  /** All properties of the item. */
  properties(): Promise<Readonly<Record<string, unknown>>>;
  layout(): Promise<SeenItem>;
  /** As a person does: finds the entry with this label, anywhere in the menu, and clicks on it. */
  click(label: string): Promise<void>;
  /** Any method of the item or its menu; the error's name when it fails. */
  call(path: string, interfaceName: string, method: string, args: string): Promise<string>;
  end(): void;
}

/** A watcher and host for icons; `wait` until it has the name. */
export async function startTrayHost(environment: Readonly<Record<string, string>>): Promise<TrayHost> {
  const host = spawn('/usr/bin/python3', [HOST], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readLines(host);
  await waitFor('the tray host', () => lines.length > 0);
  const parsed = () => lines.map((line) => JSON.parse(line) as HostEvent);
  let asked = 0;
  async function ask(command: Readonly<Record<string, unknown>>): Promise<unknown> {
    asked += 1;
    const id = asked;
    host.stdin?.write(`${JSON.stringify({ id, ...command })}\n`);
    const answer = await waitFor(`the tray host to ${String(command['ask'])}`, () =>
      parsed().find((line) => line.event === 'answer' && line['id'] === id),
    );
    if (typeof answer['error'] === 'string') throw new Error(answer['error']);
    return answer['value'];
  }
  const trayHost: TrayHost = {
    events: () => parsed().filter(({ event }) => event !== 'answer' && event !== 'ready'),
    properties: async () => (await ask({ ask: 'properties' })) as Readonly<Record<string, unknown>>,
    layout: async () => (await ask({ ask: 'layout' })) as SeenItem,
    async click(label) {
      const found = flatten(await trayHost.layout()).filter(({ properties }) => properties['label'] === label);
      const [item] = found;
      if (item === undefined || found.length > 1) throw new Error(`${found.length} entries are called ${label}`);
      await ask({ ask: 'click', entry: item.id });
    },
    call: async (path, interfaceName, method, args) =>
      String(await ask({ ask: 'call', path, interface: interfaceName, method, args })),
    end: () => void host.kill('SIGKILL'),
  };
  return trayHost;
}

/** The labels of a menu, a line for each entry, children indented; what can't be clicked in brackets. */
export function describeLayout(root: SeenItem, indent = ''): string[] {
  return root.children.flatMap((item) => {
    const { label, type, enabled, ...rest } = item.properties;
    const radio = rest['toggle-state'] === 1 ? '(*) ' : '( ) ';
    const text = type === 'separator' ? '---' : `${rest['toggle-type'] === 'radio' ? radio : ''}${String(label)}`;
    return [`${indent}${enabled === false ? `[${text}]` : text}`, ...describeLayout(item, `${indent}  `)];
  });
}

function flatten(item: SeenItem): SeenItem[] {
  return [item, ...item.children.flatMap(flatten)];
}
