// What closes and opens the lock: commands, the screen, and time without a person; and what that does to the rest.
import type { Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import type { Broker } from '../../sso/broker.ts';
import { describeApproval } from '../approvals/approval-documents.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Handlers } from '../http/surface.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { TickTask } from '../process/ticker.ts';
import type { Settings } from '../settings/settings.ts';
import { createIdleWatch, type DesktopIdle } from './idle.ts';
import type { Lock } from './lock.ts';
import type { LockEvent } from './lock-state.ts';
import type { ScreenWatch } from './screen-watch.ts';

export interface Locking {
  readonly handlers: Pick<Handlers, 'lock' | 'unlock'>;
  readonly tasks: readonly TickTask[];
  /** A person has used rolecall. */
  readonly personActs: () => void;
  close(): void;
}

const MINUTE_MS = 60_000;

export async function createLocking(deps: {
  readonly lock: Lock;
  readonly settings: Pick<Settings, 'lock' | 'lockWithScreen' | 'lockAfterMinutes' | 'unlock'>;
  readonly broker: Pick<Broker, 'seal'>;
  readonly approvals: Pick<Approvals, 'ask' | 'forget' | 'placesOf' | 'subscribe'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
  readonly paths: Pick<RuntimePaths, 'settingsFile'>;
  readonly problems: Pick<Problems, 'raise' | 'clear'>;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Locking> {
  const { approvals, broker, changes, lock, settings } = deps;
  const scope = settings.lock;
  const idle = createIdleWatch(deps.clock);
  const screen = await createScreenWatch();

  lock.subscribe({
    locked() {
      broker.seal();
      approvals.forget();
      changes.announce();
    },
    unlocked() {
      idle.personActs();
      changes.announce();
    },
  });
  approvals.subscribe({
    settled({ subject, state, surface, by }) {
      if (by === 'click' || by === 'terminal' || by === 'passkey') idle.personActs();
      if (subject.kind === 'unlock' && state === 'approved') void lock.change({ kind: 'unlock' }, surface);
    },
  });

  /** Loaded only when a setting needs it. */
  async function createScreenWatch(): Promise<ScreenWatch | undefined> {
    if (!settings.lockWithScreen && settings.lockAfterMinutes === 0) return undefined;
    const { watchScreen } = await import('./screen-watch.ts');
    return watchScreen({
      ...deps,
      listener: { onScreen, onIdle: (desktop: DesktopIdle | undefined) => idle.noteDesktop(desktop) },
      settingsFile: deps.paths.settingsFile,
      locksWithScreen: settings.lockWithScreen,
      platform: process.platform,
    });
  }

  function onScreen(event: LockEvent): void {
    // A program that can unlock the screen must not get around a click or a passkey.
    if (event.kind === 'screen-unlocked' && settings.unlock !== 'command') return;
    void lock.change(event, 'daemon');
  }

  async function check(): Promise<void> {
    await screen?.check();
    const limitMs = settings.lockAfterMinutes * MINUTE_MS;
    if (idle.idleMs() >= limitMs && limitMs > 0) await lock.change({ kind: 'lock', reason: 'idle' }, 'daemon');
    // A sign-in or a listing may have brought tokens back into memory.
    if (lock.isLocked()) broker.seal();
    await lock.flush();
  }

  return {
    handlers: {
      async lock(_input, { surface }) {
        // Also a question about an unlock that is older than this.
        approvals.forget();
        await lock.change({ kind: 'lock', reason: 'command' }, surface);
        return { locked: true, scope, approval: null };
      },
      async unlock(_input, { surface, program }) {
        const { unlock: approve } = settings;
        if (lock.isLocked() && approve !== 'command') {
          const question = { subject: { kind: 'unlock' }, approve, surface, mayAskAgain: true } as const;
          const approval = approvals.ask({ ...question, program: await program().catch(() => undefined) });
          return { locked: true, scope, approval: describeApproval(approval, approvals) };
        }
        await lock.change({ kind: 'unlock' }, surface);
        return { locked: false, scope, approval: null };
      },
    },
    tasks: [{ name: 'lock', run: check }],
    personActs: idle.personActs,
    close: () => screen?.close(),
  };
}
