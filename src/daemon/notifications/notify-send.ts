// Notifications on a freedesktop.org desktop through libnotify's notify-send, one process for as long as one is shown.
import type { ChildProcess } from 'node:child_process';
import {
  childEnvironment,
  SHOW_DEADLINE_MS,
  type BackendDeps,
  type NotificationBackend,
  type PlainNotification,
  type ShownNotification,
} from './backend.ts';
import { escapeMarkup } from '../../core/harmless-text.ts';

/** As of 0.8.6, notify-send prints this id and waits for ever when the bus has no notification server. */
const NOT_SHOWN = '0';
const ACTION = 'act';
/** notify-send tells the id first and listens for an interruption next: one that comes between the two leaves the notification. */
const READY_MS = 300;

export function notifySend(deps: BackendDeps): NotificationBackend {
  const environment = childEnvironment(deps.environment);

  function start(args: readonly string[], notification: PlainNotification): ChildProcess {
    const text = ['--', notification.title, toBody(notification.body)];
    return deps.spawn(deps.programPath, ['--app-name=rolecall', ...args, ...text], {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** Undefined when it was not shown; the reason may be that this notify-send is older than these options. */
  function showAndStay(notification: PlainNotification): Promise<ShownNotification | undefined> {
    const { action } = notification;
    const child = start(
      ['--print-id', '--wait', ...(action === undefined ? [] : [`--action=${ACTION}=${action.label}`])],
      notification,
    );
    let toldAtMs = 0;
    // notify-send closes what it shows when it is interrupted.
    const shown: ShownNotification = {
      withdraw() {
        const leftMs = toldAtMs + READY_MS - deps.clock.nowMs();
        if (leftMs <= 0) child.kill('SIGINT');
        else void deps.clock.sleep(leftMs).then(() => child.kill('SIGINT'));
      },
    };
    return untilFirst(child, deps, (settle) => {
      readLines(child, (line, index) => {
        if (index > 0 && line === ACTION) action?.onClick();
        if (index === 0) toldAtMs = deps.clock.nowMs();
        if (index === 0) settle(line === NOT_SHOWN || line === '' ? undefined : shown);
      });
    });
  }

  /** libnotify before 0.7.10: no button, and nothing to take it back with. */
  function showAndLeave(notification: PlainNotification): Promise<ShownNotification | undefined> {
    const child = start([], notification);
    return untilFirst(child, deps, (settle) => {
      child.once('close', (code) => settle(code === 0 ? { withdraw: () => undefined } : undefined));
    });
  }

  return {
    name: 'notify-send',
    async show(notification) {
      return (await showAndStay(notification)) ?? showAndLeave(notification);
    },
  };
}

/** What `listen` settles on; a child that ends, fails or stays silent before that is undefined, and is killed. */
async function untilFirst(
  child: ChildProcess,
  { clock }: BackendDeps,
  listen: (settle: (shown: ShownNotification | undefined) => void) => void,
): Promise<ShownNotification | undefined> {
  const settled = new AbortController();
  const outcome = new Promise<ShownNotification | undefined>((resolve) => {
    child.once('error', () => resolve(undefined));
    listen(resolve);
    child.once('close', () => resolve(undefined));
  });
  const late = clock.sleep(SHOW_DEADLINE_MS, settled.signal).catch(() => undefined);
  const shown = await Promise.race([outcome, late.then(() => undefined)]);
  settled.abort(new Error('settled'));
  if (shown === undefined) child.kill('SIGKILL');
  return shown;
}

function readLines(child: ChildProcess, onLine: (line: string, index: number) => void): void {
  let rest = '';
  let index = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      onLine(line.trim(), index);
      index += 1;
    }
  });
}

/** The server reads the body as markup, and notify-send itself reads backslashes in it as C does. */
function toBody(text: string): string {
  return escapeMarkup(text).replaceAll('\\', '\\\\');
}
