// `rolecall status`: shows who is signed in, for how long, and what is wrong.
import type { StatusDocument } from '../../../local-api/schemas.ts';
import type { InstalledService } from '../../../platform/service/installed-service.ts';
import type { CliContext, DaemonAccess, Output, Places } from '../../context.ts';
import { fetchStatus, loadStatus } from '../../sessions.ts';
import { printText } from '../../terminal/render.ts';

type Context = DaemonAccess & Output & Places & Pick<CliContext, 'clock' | 'findInstalledService'>;

export interface StatusOptions {
  readonly check?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const EXIT_SIGN_IN_REQUIRED = 4;
/** The daemon itself waits for the keychain no longer than a few seconds a call. */
const DIALOG_TIMEOUT_MS = 30_000;

export async function runStatus(options: StatusOptions, context: Context): Promise<number> {
  if (options.check === true) return check(await fetchStatus(context));
  if (options.watch === true) {
    const [{ watchStatus }, columns, { formatWaiting }, { formatStatus }] = await Promise.all([
      import('./watch-status.ts'),
      import('../../picker/role-columns.ts'),
      import('./approval-lines.ts'),
      import('./format-status.ts'),
      loadAttendedStatus(context),
    ]);
    const asJson = options.json === true;
    return watchStatus(
      { asJson, format: (now, asked) => formatWaiting(now, asked, context) + formatStatus(now, columns, context) },
      context,
    );
  }
  const [reported, installed, { formatStatus, describeRefusals }] = await Promise.all([
    loadAttendedStatus(context),
    whileWaiting(() => context.findInstalledService()),
    whileWaiting(() => import('./format-status.ts')),
  ]);
  const status = installed === undefined ? reported : await withServiceProblem(reported, installed);
  if (options.json === true) {
    const { formatJson } = await import('../../../core/text/format-json.ts');
    context.stdout.write(formatJson(status));
    return 0;
  }
  const columns = status.current === null ? undefined : await import('../../picker/role-columns.ts');
  const isWaiting = (status.approvals ?? 0) > 0 || status.lock?.isLocked === true;
  const waiting = isWaiting ? await (await import('./approval-lines.ts')).loadWaiting(status, context) : '';
  await printText(
    waiting + formatStatus(status, columns, context) + (await describeRefusals(status, context)),
    context,
  );
  return 0;
}

/** Does `act` once the request has been sent, so that it takes its time while the daemon answers. */
async function whileWaiting<T>(act: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return act();
}

async function withServiceProblem(status: StatusDocument, installed: InstalledService): Promise<StatusDocument> {
  const { findServiceProblem } = await import('./service-problem.ts');
  const problem = findServiceProblem(installed);
  return problem === undefined ? status : { ...status, problems: [...status.problems, problem] };
}

/** In a terminal, retries a locked or missing keychain once: the user can answer its dialog, or has just installed it. */
async function loadAttendedStatus(context: Context): Promise<StatusDocument> {
  const status = await loadStatus(context);
  const isRefused = status.problems.some(({ code }) => code.startsWith('secret-store-'));
  if (context.stdout.isTTY !== true || status.store.driver === 'file' || !isRefused) return status;
  await context.client.call('retrySecretStore', {}, { signal: context.signal, timeoutMs: DIALOG_TIMEOUT_MS });
  return fetchStatus(context);
}

/** 0 if every session is live. Prints nothing, as it is for scripts. */
function check({ sessions }: StatusDocument): number {
  return sessions.length > 0 && sessions.every(({ state }) => state === 'live') ? 0 : EXIT_SIGN_IN_REQUIRED;
}
