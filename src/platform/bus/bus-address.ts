// Finds the sockets of the session bus and the system bus from their D-Bus addresses.
import { join } from 'node:path';

/**
 * A path for `net.connect`, with a leading NUL for an abstract socket; undefined if no bus can be reached over a unix
 * socket.
 * @see https://dbus.freedesktop.org/doc/dbus-specification.html#addresses
 */
export function findBusSocket(
  environment: Readonly<Record<string, string | undefined>>,
  isThere: (path: string) => boolean,
): string | undefined {
  const address = environment['DBUS_SESSION_BUS_ADDRESS'] ?? '';
  for (const part of address.split(';')) {
    const path = toSocketPath(part, environment);
    if (path !== undefined) return path;
  }
  // systemd's default place: a login by ssh or su does not have the variable.
  const usual = runtimeBus(environment);
  return address === '' && usual !== undefined && isThere(usual) ? usual : undefined;
}

/** Where the specification says that every system has it. */
const SYSTEM_BUS = '/var/run/dbus/system_bus_socket';

/** As `findBusSocket`, for the system bus. */
export function findSystemBusSocket(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const address = environment['DBUS_SYSTEM_BUS_ADDRESS'] ?? '';
  if (address === '') return SYSTEM_BUS;
  for (const part of address.split(';')) {
    const path = toSocketPath(part, environment);
    if (path !== undefined) return path;
  }
  return undefined;
}

function toSocketPath(address: string, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const [, transport, rest = ''] = /^([a-z]+):(.*)$/.exec(address) ?? [];
  if (transport !== 'unix') return undefined;
  const values = new Map<string, string>();
  for (const pair of rest.split(',')) {
    const [key = '', value = ''] = pair.split(/=(.*)/s);
    values.set(key, unescape(value));
  }
  const abstract = values.get('abstract');
  if (abstract !== undefined) return `\0${abstract}`;
  return values.get('path') ?? (values.get('runtime') === 'yes' ? runtimeBus(environment) : undefined);
}

function runtimeBus(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const directory = environment['XDG_RUNTIME_DIR'];
  return directory?.startsWith('/') === true ? join(directory, 'bus') : undefined;
}

/** Decodes `%2b`, which stands for a byte that an address can't contain. */
function unescape(value: string): string {
  return Buffer.from(
    value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
}
