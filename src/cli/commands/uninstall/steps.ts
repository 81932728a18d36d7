// The steps of `rolecall uninstall`. Each resolves its failures instead of rejecting, so that the others go on.
import { rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  DaemonUnreachableError,
  NotFoundError,
  toRolecallError,
  UnavailableError,
  type RolecallError,
} from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { applyShellPlan, type ShellChange } from '../../shell/install.ts';
import { stopDaemon } from '../../stop-daemon.ts';
import { findOwnFolders, removeOwnFolder } from './own-folders.ts';
import { clearKeychainCommand, type UninstallContext, type UninstallOptions, type UninstallPlan } from './plan.ts';

type Step = () => Promise<readonly RolecallError[]>;

/** A daemon that has to be started first reads its store. */
const STATUS_TIMEOUT_MS = 30_000;

/** In this order: the daemon is needed for the first steps, and would write files of the later ones again. */
export function listSteps(plan: UninstallPlan, options: UninstallOptions, context: UninstallContext): readonly Step[] {
  const { clock, userId } = context;
  const silence = new DaemonUnreachableError('daemon-not-answering', 'The daemon did not answer.');
  const isHung = plan.status === undefined && plan.daemonPid !== undefined;
  let keepsAdoptions = options.keepAdopted === true;
  const attempt =
    (...works: readonly (() => Promise<unknown>)[]): Step =>
    async () => {
      const failures: RolecallError[] = [];
      for (const work of works) {
        try {
          await work();
        } catch (error) {
          if (context.signal.aborted) throw error;
          failures.push(toRolecallError(error));
        }
      }
      return failures;
    };
  const traces = () => import('../../../aws-config/files/own-traces.ts');
  const folders = () => findOwnFolders(context, { settings: options.keepSettings === true, adoptions: keepsAdoptions });
  const removeFolders =
    (which: 'state' | 'settings'): Step =>
    async () => {
      const failures = folders()[which].map((folder) => attempt(() => removeOwnFolder(folder, userId))());
      return (await Promise.all(failures)).flat();
    };

  return [
    ...(isHung ? [attempt(() => stopDaemon(context))] : []),
    ...(plan.maySignOut ? [() => signOut(plan, context)] : []),
    // What was in its memory is lost; only what is stored can be signed out of.
    ...(isHung && !plan.maySignOut ? [async () => [notSignedOut(silence, plan, context)]] : []),
    ...(plan.adoptions > 0 && !keepsAdoptions
      ? [
          attempt(async () => {
            keepsAdoptions = true;
            await undoAdoptions(plan.adoptions, context);
            keepsAdoptions = false;
          }),
        ]
      : []),
    attempt(
      async () => {
        if (plan.serviceFiles.length > 0) await (await context.loadService()).uninstall();
      },
      () => stopDaemon(context),
    ),
    attempt(
      ...plan.configFiles.map(
        ({ path }) =>
          async () =>
            (await traces()).removeOwnBlock(path, clock),
      ),
    ),
    attempt(...plan.shell.changes.map((change) => () => removeFromShell(change))),
    attempt(async () => (await traces()).removeOwnTokenFiles(plan.tokenFiles)),
    ...(plan.keychain.state === 'absent' ? [] : [attempt(() => deleteKeychainItems(context))]),
    removeFolders('settings'),
    removeFolders('state'),
  ];
}

/** Signs out of every session, and ends it at AWS. Starts the daemon if tokens are stored. */
async function signOut(plan: UninstallPlan, context: UninstallContext): Promise<readonly RolecallError[]> {
  const { client, signal } = context;
  const failures: RolecallError[] = [];
  const fail = (error: unknown, session?: SessionDocument) => {
    if (signal.aborted) throw error;
    failures.push(notSignedOut(error, plan, context, session));
  };
  try {
    const options = { signal, timeoutMs: STATUS_TIMEOUT_MS, failsOnSilence: true };
    const { sessions } = await client.call('status', {}, options);
    for (const document of sessions) {
      try {
        const { note } = await client.call('signOut', { session: document.session }, { signal });
        if (note !== undefined) fail(new UnavailableError('identity-center-unreachable', note), document);
      } catch (error) {
        fail(error, document);
      }
    }
  } catch (error) {
    fail(error);
  }
  return failures;
}

type SessionDocument = Pick<StatusDocument['sessions'][number], 'session' | 'startUrl'>;

function notSignedOut(
  error: unknown,
  { startUrls: [first] }: UninstallPlan,
  { platform }: UninstallContext,
  document?: SessionDocument,
): RolecallError {
  const { message, hint } = toRolecallError(error);
  const startUrl = document?.startUrl ?? first;
  const open = platform === 'darwin' ? 'open' : 'xdg-open';
  return new UnavailableError(
    'identity-center-unreachable',
    `Not signed out of ${document?.session ?? 'any sso-session'} at AWS: ${message} It stays active there until it ends, or until you sign out on its page.`,
    { hint: startUrl === undefined ? hint : `${open} ${quoteForShell(startUrl)}`, cause: error },
  );
}

/** Removes also the folders of a file of ours that are then empty, as those of fish. */
async function removeFromShell(change: ShellChange): Promise<void> {
  await applyShellPlan({ changes: [change] });
  if (change.kind !== 'whole') return;
  const folder = dirname(change.path);
  for (const each of [folder, ...(basename(folder) === 'rolecall' ? [] : [dirname(folder)])]) {
    await rmdir(each).catch(() => undefined);
  }
}

/** Restores the config file of each adoption, the latest first. @throws what the daemon reports; NotFoundError: some are of another config file */
async function undoAdoptions(adoptions: number, { client, paths, signal }: UninstallContext): Promise<void> {
  let undone = 0;
  try {
    for (; undone < adoptions; undone += 1) {
      await client.call('adoptProfiles', { body: { undo: true } }, { signal });
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const { message, hint } = toRolecallError(error);
    const isOfAnotherFile = error instanceof NotFoundError;
    throw new UnavailableError(
      'file-not-writable',
      `Adopted profiles were not restored${isOfAnotherFile ? '' : `: ${message}`} Their earlier text stays in ${paths.stateDirectory}/adoptions.`,
      { hint: isOfAnotherFile ? `ls ${quoteForShell(`${paths.stateDirectory}/adoptions`)}` : hint, cause: error },
    );
  }
}

async function deleteKeychainItems({ clock, platform }: UninstallContext): Promise<void> {
  const { deleteOwnItems } = await import('../../../secret-store/own-items.ts');
  try {
    await deleteOwnItems(clock);
  } catch (error) {
    const { message } = toRolecallError(error);
    throw new UnavailableError('secret-store-unavailable', `Items of rolecall stay in the keychain. ${message}`, {
      hint: clearKeychainCommand(platform),
      cause: error,
    });
  }
}
