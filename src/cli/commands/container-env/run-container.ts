// Runs `docker run` or `podman run` with one role, and ends the role with the container.
import type { IssuedGrantDocument, ProfileDocument } from '../../../local-api/schemas.ts';
import { isStillRunning, type ProcessIdentity } from '../../../platform/process/process-identity.ts';
import { containerWords, type ContainerCommand } from '../../reach/container-command.ts';
import type { ContainerFiles } from '../../reach/container-files.ts';
import { createContainerWatch } from '../../reach/container-watch.ts';
import { canReadToken, enterNetworkWords, sharesNetwork, startRelay, type Relay } from '../../reach/relay-process.ts';
import { harmless, reportFailure } from '../../terminal/render.ts';
import type { ContainerContext } from './options.ts';

const LOOK_EVERY_MS = 500;
const HELP = 'rolecall container-env --help';

interface Run {
  readonly command: ContainerCommand;
  readonly profile: ProfileDocument;
  readonly grant: IssuedGrantDocument;
  readonly files: ContainerFiles;
}

/** Resolves the exit code of the container engine, once the container has ended. */
export async function runContainer(
  { command, profile, grant, files }: Run,
  context: ContainerContext,
): Promise<number> {
  const [program, ...args] = containerWords(command, files);
  const environment = definedOnly(context.environment);
  const watch = createContainerWatch({ command, files, environment, clock: context.clock });
  const serving = serve();
  const exitCode = await context.runAsChild({ command: [program, ...args], environment });
  const container = await watch.settle(exitCode);
  const relay = await serving;
  // Started with --detach, or the terminal was detached from it.
  if (container !== undefined && relay !== undefined) await waitForEnd(container, relay);
  relay?.end();
  return exitCode;

  /** The relay; undefined if there is none to run. */
  async function serve(): Promise<Relay | undefined> {
    const container = await watch.started;
    if (container === undefined) return undefined;
    try {
      const relay = await openRelay(container);
      if (!canReadToken(container.processId, files)) {
        context.stderr.write(
          'The container\'s program can\'t read its token: it runs as another user. Add --userns=keep-id (podman), or --user "$(id -u)".\n',
        );
      }
      void relay?.ended.then(() => endAccess(container));
      return relay;
    } catch (error) {
      const { message, hint } = error as Error & { readonly hint?: string };
      reportFailure({ message, hint: hint ?? HELP }, context);
      await endAccess(undefined);
      return undefined;
    }
  }

  async function openRelay(container: ProcessIdentity): Promise<Relay | undefined> {
    if (command.network === 'host') {
      if (sharesNetwork(container.processId) !== false) {
        return { ended: new Promise(() => undefined), end: () => undefined };
      }
      throw new Error('The container gets no credentials: it does not share the network of this machine.');
    }
    const { userId } = context;
    const groupId = process.getgid?.() ?? userId;
    const words = enterNetworkWords(command, { pid: container.processId, userId, groupId });
    return startRelay(words, files, environment);
  }

  /** The relay has ended before the container: nothing else of the access remains. */
  async function endAccess(container: ProcessIdentity | undefined): Promise<void> {
    if (container !== undefined && !isStillRunning(container)) return;
    await context.client.call('revokeGrant', { id: grant.id }, { autostart: false }).catch(() => undefined);
  }

  async function waitForEnd(container: ProcessIdentity, relay: Relay): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, context.signal]);
    void relay.ended.then(() => stop.abort());
    for (let looks = 0; !signal.aborted && isStillRunning(container); looks += 1) {
      // An engine may end a moment before the container.
      if (looks === 1) {
        const name = harmless(profile.profileName);
        context.stderr.write(`The container keeps ${name} until it ends, or this command does.\n`);
      }
      await context.clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }
}

function definedOnly(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
