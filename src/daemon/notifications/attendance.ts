// Checks whether someone is using this desktop, so that no page opens on a locked screen.
import { isWsl } from '../../platform/process/wsl.ts';
import { childEnvironment } from './backend.ts';
import { hasDisplay, type DesktopSources } from './choose-backend.ts';
import { runOnce } from './run-once.ts';

const DEADLINE_MS = 2000;

/** True only when the system confirms that the user's session is active, local and unlocked; false when unknown. */
export async function isDesktopAttended(sources: DesktopSources, userId: number): Promise<boolean> {
  const ask = async (name: string, args: readonly string[]) => {
    const path = sources.findProgram(name);
    if (path === undefined) return '';
    const env = { ...childEnvironment(sources.environment), LC_ALL: 'C' };
    const { exitCode, stdout } = await runOnce(sources, path, args, { env, deadlineMs: DEADLINE_MS });
    return exitCode === 0 ? stdout.trim() : '';
  };

  if (sources.platform === 'darwin') {
    return (await ask('ioreg', ['-n', 'Root', '-d1'])).includes('"IOConsoleLocked" = No');
  }
  // Under WSL only Windows knows.
  if (isWsl(sources) || !hasDisplay(sources.environment)) return false;
  // Not XDG_SESSION_ID: it may name the ssh login or terminal session from which the daemon was started.
  const sessionId = await ask('loginctl', ['show-user', String(userId), '--property=Display', '--value']);
  if (!/^[A-Za-z0-9_]+$/.test(sessionId)) return false;
  const properties = ['Active', 'LockedHint', 'Remote'].map((name) => `--property=${name}`);
  const answer = new Set((await ask('loginctl', ['show-session', sessionId, ...properties])).split('\n'));
  return answer.has('Active=yes') && answer.has('LockedHint=no') && answer.has('Remote=no');
}
