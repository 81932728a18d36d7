// What a container gets of rolecall: variables, and a folder with the token, the socket of its one role and the relay.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { IssuedGrantDocument } from '../../local-api/schemas.ts';
import { toFileError } from '../../platform/files/file-error.ts';
import { RELAY_FILE, relayScript } from './relay-script.ts';

/** Where the container finds the folder. */
export const CONTAINER_FOLDER = '/run/rolecall';

/** `own`: the container has a network of its own, in which the relay runs. `host`: it shares that of this machine. */
export type ContainerNetwork = 'own' | 'host';

export interface ContainerFiles {
  /** What is mounted; 0700. */
  readonly folder: string;
  /** Files that the container doesn't see when a command of ours starts it; else the same folder. */
  readonly ownFolder: string;
  /** For `--env-file`. */
  readonly envFile: string;
  /** None of them is secret: they can be seen in `docker inspect`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Below the ports that systems use for outgoing connections, so that none of these can have it. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** Of the 0 to 1 that `random` returns. */
export const chooseRelayPort = (random: () => number): number => FIRST_PORT + Math.floor(random() * PORTS);

/**
 * Writes the files, with mode 0600, into folders that the daemon removes with the grant. A container that we start gets the
 * token alone: a privileged one could change what is mounted, and the relay of this machine must not follow that.
 * @throws UnavailableError file-not-writable
 */
export function writeContainerFiles(
  grant: IssuedGrantDocument,
  options: { readonly region: string | undefined; readonly relayPort: number; readonly isStartedHere: boolean },
): ContainerFiles {
  const { region, relayPort } = options;
  const { socketPath } = grant;
  const ownFolder = socketPath === undefined ? grant.directory : dirname(socketPath);
  const folder = options.isStartedHere ? join(grant.directory, 'mount') : ownFolder;
  if (options.isStartedHere) makeFolder(folder);
  const url = new URL(grant.url);
  if (socketPath !== undefined) url.port = String(relayPort);
  const variables = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url.href,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${CONTAINER_FOLDER}/token`,
    ...(region === undefined ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    // On EC2 some SDKs would use the machine's role after the access has ended.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const envFile = join(ownFolder, 'env');
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  write(envFile, lines.join(''));
  // Without a newline, as the SDKs send the file unchanged.
  write(join(folder, 'token'), grant.token);
  if (socketPath !== undefined) write(join(ownFolder, RELAY_FILE), relayScript(relayPort));
  return { folder, ownFolder, envFile, variables };
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw toFileError(cause, path, 'written');
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    throw toFileError(cause, path, 'used');
  }
}
