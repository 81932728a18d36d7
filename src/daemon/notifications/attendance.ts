// Whether somebody sits before this desktop: a page that opens by itself on a locked screen is one too many in the morning.
import { isWsl } from '../../platform/process/wsl.ts';
import { childEnvironment } from './backend.ts';
import { hasDisplay, type DesktopSources } from './choose-backend.ts';
import { runOnce } from './run-once.ts';

const DEADLINE_MS = 2000;

/** True only when the system says that the user's own session is in front and not locked; what can't be told is false. */
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
  // Under WSL nobody but Windows knows.
  if (isWsl(sources) || !hasDisplay(sources.environment)) return false;
  // Not XDG_SESSION_ID: that one may be of the ssh login or of the terminal that the daemon was once started from.
  const sessionId = await ask('loginctl', ['show-user', String(userId), '--property=Display', '--value']);
  if (!/^[A-Za-z0-9_]+$/.test(sessionId)) return false;
  const properties = ['Active', 'LockedHint', 'Remote'].map((name) => `--property=${name}`);
  const told = new Set((await ask('loginctl', ['show-session', sessionId, ...properties])).split('\n'));
  return told.has('Active=yes') && told.has('LockedHint=no') && told.has('Remote=no');
}
