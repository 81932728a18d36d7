// Checks where the daemon keeps tokens, and whether that store works.
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { isDoctorCode, type CheckGroup, type Finding } from './codes.ts';
import type { World } from './world.ts';

/** Codes of daemon problems that this check reports. */
export const STORE_CODES: readonly string[] = ['secret-store-unavailable', 'secret-store-locked'];

const KEYCHAINS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin:
    'the OS keychain; macOS asks once and then trusts the program "node", so every script run by this Node can read them',
  linux:
    'the OS keychain; while it is unlocked, every program that runs as you can read them, as the Secret Service has no finer permissions',
};

export function checkStore({ daemon, context }: World): CheckGroup {
  const group = { name: 'store', title: 'Tokens' };
  if (daemon.state !== 'running') {
    return { ...group, skipped: true, summary: 'not checked: the daemon is not running', findings: [] };
  }
  const { store, problems, files } = daemon.status;
  const editSettings = editCommand(files.settings);
  const stores = {
    keychain: KEYCHAINS[context.platform] ?? 'the OS keychain',
    file: 'an encrypted file (AES-256-GCM); anyone who knows the passphrase can read them',
    memory: 'memory only, until the daemon stops; no other program can read them',
  } as const;
  const failing = problems
    .filter(({ code }) => STORE_CODES.includes(code))
    .map(({ code, message, hint }): Finding => ({
      code: isDoctorCode(code) ? code : 'daemon-problem',
      message,
      // A setting needs a restart, which asks before it ends a sign-in in memory; an installed keychain does not.
      commands:
        store.driver === 'memory'
          ? [hint, hint.endsWith(editSettings) ? 'rolecall daemon restart' : 'rolecall status']
          : [hint],
    }));
  const chosen: Finding[] =
    store.driver === 'memory' && failing.length === 0
      ? [
          {
            code: 'secret-store-memory',
            message: 'Your settings keep tokens in memory, so you have to sign in again each time the daemon starts.',
            commands:
              (context.environment['ROLECALL_SECRET_STORE'] ?? '') === ''
                ? [editSettings, 'rolecall daemon restart']
                : ['unset ROLECALL_SECRET_STORE && rolecall daemon restart'],
          },
        ]
      : [];
  return { ...group, summary: `in ${stores[store.driver]}`, findings: [...failing, ...chosen] };
}
