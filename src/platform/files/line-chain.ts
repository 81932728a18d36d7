// A hash chain over the lines of a log: each line has a number, and a hash of the line before it and of itself.
import { createHash } from 'node:crypto';

/** The last line of a chain. */
export interface ChainHead {
  readonly seq: number;
  /** SHA-256 in lower-case hex. */
  readonly hash: string;
}

/** Before the first line, which has the number 1. */
export const CHAIN_START = { seq: 0, hash: '0'.repeat(64) } as const satisfies ChainHead;

export interface ChainedLine extends ChainHead {
  /** The line up to its hash: what the hash is computed from, after the hash of the line before. */
  readonly body: string;
}

/** Adds number and hash to `json`, an object with at least one field on one line. */
export function chainLine(json: string, after: ChainHead): { readonly text: string; readonly head: ChainHead } {
  const seq = after.seq + 1;
  const body = `${json.slice(0, -1)},"seq":${seq}`;
  const hash = hashLine(body, after.hash);
  return { text: `${body},"hash":"${hash}"}`, head: { seq, hash } };
}

/** At most 15 digits, which a number holds exactly. */
const CHAINED = /^(?<body>\{.*,"seq":(?<seq>\d{1,15})),"hash":"(?<hash>[0-9a-f]{64})"\}$/u;

/** Undefined if the line ends in no number and hash. Does not check the hash. */
export function parseChainedLine(text: string): ChainedLine | undefined {
  const { body, seq, hash } = CHAINED.exec(text)?.groups ?? {};
  return body === undefined || hash === undefined ? undefined : { body, seq: Number(seq), hash };
}

/** Whether the line is as it was written, after a line with `previousHash`. */
export function isIntact(line: ChainedLine, previousHash: string): boolean {
  return hashLine(line.body, previousHash) === line.hash;
}

function hashLine(body: string, previousHash: string): string {
  return createHash('sha256').update(previousHash).update(body).digest('hex');
}
