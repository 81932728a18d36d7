// Finds the user and the socket at the other end of a loopback connection in the kernel's table of connections.
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness, release } from 'node:os';
import { coalesced } from '../../core/async/coalesced.ts';
import { isWsl } from '../process/wsl.ts';

/** One TCP connection, as the accepting side sees it. */
export interface LoopbackConnection {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** The two ends of a socket; undefined if it is closed. */
export function connectionOf(socket: Socket): LoopbackConnection | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  return { clientAddress: remoteAddress, clientPort: remotePort, serverAddress: localAddress, serverPort: localPort };
}

/** Whether the peer may be served. `isGone` tells whether the connection has ended meanwhile; such a peer is refused. */
export type PeerCheck = (connection: LoopbackConnection, isGone: () => boolean) => Promise<boolean>;

/** Reads a file below /proc/net in pieces of whole rows; throws if it can't be read. */
export type ReadTable = (name: 'tcp' | 'tcp6') => AsyncIterable<string>;

/** A row can be missed while the table changes under the reader. */
const MAX_READS = 3;
const ROOT = 0;

/**
 * Returns a check that accepts programs of `userIds`. It refuses a peer whose user can't be found, also because the
 * table can't be read: once a peer has closed its connection, the kernel no longer knows its user.
 *
 * Linux only. As of 2026-11 macOS reports the user of a connection only through sysctl (`net.inet.tcp.pcblist_n`) and
 * libproc, which Node can't call without native code. There the check accepts everybody, and the tokens protect the port.
 */
export function createPeerCheck(deps: {
  readonly userIds: readonly number[];
  /** Under WSL, also accepts root, whose relay carries the connections of Windows programs, and peers in no table, which come without a relay. */
  readonly servesWindows: boolean;
  readonly platform?: NodeJS.Platform;
  readonly kernelRelease?: string;
  readonly readTable?: ReadTable;
  readonly byteOrder?: 'LE' | 'BE';
}): PeerCheck {
  const { userIds, platform = process.platform, kernelRelease = release() } = deps;
  if (platform !== 'linux') return async () => true;
  const servesWindows = deps.servesWindows && isWsl({ kernelRelease });
  const findOwner = createOwnerLookup(deps.readTable ?? readProcTable, deps.byteOrder ?? endianness());

  return async (connection, isGone) => {
    for (let reads = 1; reads <= MAX_READS; reads += 1) {
      const owner = await findOwner(connection);
      if (isGone() || owner === 'nobody') return false;
      if (owner !== undefined) return userIds.includes(owner.userId) || (owner.userId === ROOT && servesWindows);
    }
    return servesWindows;
  };
}

/** Returns a function that finds the inode of the calling side's socket; undefined if it is closed or in no table. Linux only. */
export function createLoopbackPeerLookup(
  readTable: ReadTable = readProcTable,
): (connection: LoopbackConnection) => Promise<string | undefined> {
  const findOwner = createOwnerLookup(readTable, endianness());
  return async (connection) => {
    const owner = await findOwner(connection);
    return owner === undefined || owner === 'nobody' ? undefined : owner.inode;
  };
}

/** `nobody`: no process has the socket open any more, and the kernel shows user 0 for it. */
type Owner = { readonly userId: number; readonly inode: string } | 'nobody';

interface Lookup {
  readonly pairs: readonly string[];
  owner: Owner | undefined;
}

/**
 * Returns a function that finds the user and the socket that opened a connection; undefined if it is in no table.
 * Concurrent lookups share one read of the tables, which starts after all of their connections were accepted.
 */
function createOwnerLookup(
  readTable: ReadTable,
  byteOrder: 'LE' | 'BE',
): (connection: LoopbackConnection) => Promise<Owner | undefined> {
  let asked: Lookup[] = [];
  const read = coalesced(async () => {
    const wanted = new Map(asked.flatMap((lookup) => lookup.pairs.map((pair) => [pair, lookup])));
    asked = [];
    // A program may reach an IPv4 port through an IPv6 socket, which is in the other table. A machine may have no IPv6.
    for (const name of ['tcp', 'tcp6'] as const) {
      if (wanted.size > 0) await readOwners(readTable(name), wanted).catch(() => undefined);
    }
  });
  return async (connection) => {
    const lookup: Lookup = { pairs: formatPairs(connection, byteOrder), owner: undefined };
    asked.push(lookup);
    await read();
    return lookup.owner;
  };
}

/**
 * Stops reading once all are found.
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
async function readOwners(table: AsyncIterable<string>, wanted: Map<string, Lookup>): Promise<void> {
  for await (const rows of table) {
    for (const row of rows.split('\n')) {
      const pair = readPair(row);
      const lookup = wanted.get(pair);
      if (lookup === undefined) continue;
      lookup.owner = readOwner(row);
      for (const found of lookup.pairs) wanted.delete(found);
      if (wanted.size === 0) return;
    }
  }
}

/** `0100007F:80E8 0100007F:1F90`, after the row's number. */
function readPair(row: string): string {
  const start = row.indexOf(': ') + 2;
  return row.slice(start, row.indexOf(' ', row.indexOf(' ', start) + 1));
}

function readOwner(row: string): Owner | undefined {
  const [, , , , , , , userId = '', , inode = ''] = row.trim().split(/\s+/);
  if (!/^\d+$/.test(userId) || !/^\d+$/.test(inode)) return undefined;
  return inode === '0' ? 'nobody' : { userId: Number(userId), inode };
}

/** The ways in which the row of the calling side can begin: an IPv4 address may be written as an IPv4-mapped IPv6 address. */
function formatPairs(
  { clientAddress, clientPort, serverAddress, serverPort }: LoopbackConnection,
  byteOrder: 'LE' | 'BE',
): readonly string[] {
  const client = parseAddress(clientAddress);
  const server = parseAddress(serverAddress);
  if (client === undefined || server === undefined) return [];
  const format = (prefix: readonly number[]) =>
    `${formatEnd([...prefix, ...client], clientPort, byteOrder)} ${formatEnd([...prefix, ...server], serverPort, byteOrder)}`;
  return client.length === 4 ? [format([]), format(MAPPED_PREFIX)] : [format([])];
}

/** ::ffff:0:0/96 */
const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const IPV6_LOOPBACK: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/** Undefined for an address that is neither IPv4 nor `::1`, and so not a loopback address. */
function parseAddress(address: string): readonly number[] | undefined {
  if (address === '::1') return IPV6_LOOPBACK;
  const bytes = address
    .replace(/^::ffff:/i, '')
    .split('.')
    .map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte <= 255) ? bytes : undefined;
}

/** `0100007F:1F90`: every four bytes as a number in the machine's byte order, then the port. */
function formatEnd(address: readonly number[], port: number, byteOrder: 'LE' | 'BE'): string {
  const bytes = Buffer.from(address);
  const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
    byteOrder === 'LE' ? bytes.readUInt32LE(index * 4) : bytes.readUInt32BE(index * 4),
  );
  return `${words.map((word) => hex(word, 8)).join('')}:${hex(port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

const PIECE_BYTES = 64 * 1024;

/** Reads in pieces, without blocking the event loop: a busy machine has megabytes of rows, which the kernel returns a page at a time. */
async function* readProcTable(name: 'tcp' | 'tcp6'): AsyncGenerator<string> {
  const file = await open(`/proc/net/${name}`);
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    let rest = '';
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES);
      if (bytesRead === 0) break;
      const text = rest + buffer.toString('latin1', 0, bytesRead);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      yield text.slice(0, end);
    }
  } finally {
    await file.close();
  }
}
