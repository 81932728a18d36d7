// Finds sockets that a daemon left behind when it was killed.
import { unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { lstatSync } from '../../../platform/files/stat-sync.ts';
import type { Finding } from './codes.ts';

export async function findStaleSockets(candidates: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const path of candidates) {
    if (!isSocket(path) || !(await isDead(path))) continue;
    findings.push({
      code: 'socket-stale',
      message: `${path} is the socket of a daemon that no longer runs. The next daemon replaces it automatically.`,
      commands: [`rm ${quoteForShell(path)}`],
      async fix() {
        if (!(await isDead(path))) return `${path} is in use again and was not deleted.`;
        await unlink(path);
        return `Deleted ${path}.`;
      },
    });
  }
  return findings;
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // Missing, or in a folder that cannot be entered, which the files check reports.
    return false;
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}
