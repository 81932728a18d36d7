// Talks to the bootstrap on the far host over the pipes of ssh. What it answers is data: only marked lines of known form count.
import type { Readable, Writable } from 'node:stream';
import { monotonicNowMs, type Clock } from '../../core/clock.ts';
import { bootstrapScript } from './bootstrap.ts';
import type { RemoteFile, RemotePlace } from './remote-shell.ts';

export interface BootstrapChannel {
  /** The folder there; undefined: the host has none for us. */
  readonly place: Promise<RemotePlace | undefined>;
  /** Writes the files and tokens there, and resolves once they are complete. */
  install(files: readonly RemoteFile[], terms: RemoteTerms): Promise<Installed>;
  /** Sends a sign of life every second; resolves when the other side has ended or not answered for too long, or `signal` is aborted. */
  keepAlive(signal: AbortSignal): Promise<void>;
  /** Has the files deleted. */
  end(): void;
  /** Resolves once the host says that they are deleted. */
  readonly gone: Promise<void>;
  /** What the far host has printed that is not the bootstrap's: its startup files, or a program that runs there in its place. */
  noise(): string;
}

export interface RemoteTerms {
  /** By the name of the file there. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Forwarded ports there. */
  readonly ports: readonly number[];
}

export interface Installed {
  /** sshd there has opened a port to the network, because of GatewayPorts. */
  readonly isOpenToNetwork: boolean;
}

const BEAT_MS = 1000;
/** Compared at each beat: four seconds of silence at most. */
const MAX_SILENCE_MS = 3500;
const MAX_LINE_CHARACTERS = 16 * 1024;
const MAX_NOISE_CHARACTERS = 2000;
/** Of a path that needs no quotes in any shell. */
const PLAIN_PATH = /^\/[A-Za-z0-9_./@+-]+$/u;

export function openBootstrapChannel(
  { stdin, stdout }: { readonly stdin: Writable; readonly stdout: Readable },
  nonce: string,
  clock: Clock,
): BootstrapChannel {
  let rest = '';
  let noise = '';
  let answeredAtMs = monotonicNowMs(clock);
  let onPlace: (place: RemotePlace | undefined) => void;
  let onReady: (installed: Installed) => void;
  let isOpenToNetwork = false;
  const ending = new AbortController();
  const gone = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
  const place = new Promise<RemotePlace | undefined>((resolve) => (onPlace = resolve));
  const ready = new Promise<Installed>((resolve) => (onReady = resolve));

  function take(line: string): void {
    if (!line.startsWith(`${nonce} `)) {
      if (noise.length < MAX_NOISE_CHARACTERS) noise += `${line}\n`;
      return;
    }
    const word = line.slice(nonce.length + 1);
    if (word === '.') answeredAtMs = monotonicNowMs(clock);
    else if (word === 'open') isOpenToNetwork = true;
    else if (word === 'ready') onReady({ isOpenToNetwork });
    else if (word === 'gone') ending.abort();
    else if (word === 'nowhere') onPlace(undefined);
    else if (word.startsWith('at ')) onPlace(readPlace(word, nonce));
  }

  stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = (lines.pop() ?? '').slice(-MAX_LINE_CHARACTERS);
    for (const line of lines) take(line.trimEnd());
  });
  // The end of ssh says more than a broken pipe.
  stdin.on('error', () => undefined);
  const send = (text: string) => void stdin.write(text);
  send(bootstrapScript(nonce));

  return {
    place,
    install(files, { tokens, ports }) {
      for (const [name, token] of tokens) send(`token ${name}\n${token}\n`);
      for (const { name, text, isExecutable } of files) {
        send(`file ${name}\n${text}${nonce}\n${isExecutable === true ? `program ${name}\n` : ''}`);
      }
      for (const port of ports) send(`port ${port}\n`);
      send('ready\n');
      return ready;
    },
    async keepAlive(stopping) {
      const signal = AbortSignal.any([stopping, ending.signal]);
      answeredAtMs = monotonicNowMs(clock);
      while (!signal.aborted && monotonicNowMs(clock) - answeredAtMs < MAX_SILENCE_MS) {
        send('.\n');
        await clock.sleep(BEAT_MS, signal).catch(() => undefined);
      }
    },
    end: () => void stdin.end('end\n'),
    gone,
    noise: () => `${noise}${rest}`.slice(0, MAX_NOISE_CHARACTERS),
  };
}

function readPlace(word: string, nonce: string): RemotePlace | undefined {
  const [, directory = '', shell = '', copies = ''] =
    /^at (\S+) (\S.*?)((?: config| credentials| unread)*)$/u.exec(word) ?? [];
  if (!PLAIN_PATH.test(directory) || !directory.endsWith(`/rolecall.${nonce}`)) return undefined;
  const has = (name: string) => copies.split(' ').includes(name);
  return {
    directory,
    areFilesUnread: has('unread'),
    shell: PLAIN_PATH.test(shell) ? shell : '/bin/sh',
    files: {
      ...(has('config') ? { AWS_CONFIG_FILE: `${directory}/config` } : {}),
      ...(has('credentials') ? { AWS_SHARED_CREDENTIALS_FILE: `${directory}/credentials` } : {}),
    },
  };
}
