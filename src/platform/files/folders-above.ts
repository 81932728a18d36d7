// Checks whether another user could replace a file or folder through a folder above it.
import { readFileSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { lstatIfPresentSync, lstatSync } from './stat-sync.ts';

const STICKY = 0o1000;
/** As many as Linux follows in a path. */
const MAX_LINKS = 40;
/** Neither empty nor a name for another folder. */
const PLAIN_NAME = /^[^.]/u;
/** `admin` on macOS. */
const MAC_ADMIN_GROUP = 80;

/**
 * Why a user other than `userId` and root could replace what is at `path`; undefined if none could.
 * Checks every existing folder from `/` to `path`, also through symbolic links. Each must belong to `userId` or root,
 * and must not be writable by others unless it is sticky, like /tmp.
 * @throws lstat's errors, such as EACCES
 */
export function findFaultAbove(path: string, userId: number): UnavailableError | undefined {
  const names = dirname(resolve(path)).split('/');
  let folder = '/';
  let found = lstatSync(folder);
  let links = 0;
  for (;;) {
    const reason = findReason(found, userId);
    if (reason !== undefined) return replaceable(path, folder, reason);
    const name = names.shift();
    if (name === undefined) return undefined;
    // Only `..` and what is not there take a join, which is most of the time of a check.
    const next = PLAIN_NAME.test(name) ? `${folder === '/' ? '' : folder}/${name}` : join(folder, name);
    const entry = lstatIfPresentSync(next);
    // The caller finds out when it creates what is missing or is not a folder.
    if (entry === undefined) return undefined;
    if (entry.isSymbolicLink()) {
      links += 1;
      if (links > MAX_LINKS) return undefined;
      // In a sticky folder the owner of a link can still replace it.
      if (isWritableByOthers(found, userId) && !isTrusted(entry.uid, userId)) {
        return replaceable(path, next, foreignOwner(entry.uid));
      }
      const target = readlinkSync(next);
      names.unshift(...target.split('/'));
      if (!target.startsWith('/')) continue;
      folder = '/';
      found = lstatSync(folder);
      continue;
    }
    if (!entry.isDirectory()) return undefined;
    folder = next;
    found = entry;
  }
}

interface Reason {
  readonly text: string;
  readonly hint: (folder: string) => string;
}

const foreignOwner = (uid: number): Reason => ({
  text: `belongs to another user (uid ${uid})`,
  hint: () => 'unset XDG_STATE_HOME XDG_RUNTIME_DIR ROLECALL_SOCKET',
});

function findReason(found: Stats, userId: number): Reason | undefined {
  if (!isTrusted(found.uid, userId)) return foreignOwner(found.uid);
  if ((found.mode & STICKY) !== 0 || !isWritableByOthers(found, userId)) return undefined;
  const sudo = found.uid === userId ? '' : 'sudo ';
  const text =
    (found.mode & 0o002) === 0 ? `is writable by its group (gid ${found.gid})` : 'is writable by other users';
  return { text, hint: (folder) => `${sudo}chmod go-w ${quoteForShell(folder)}` };
}

function replaceable(path: string, folder: string, { text, hint }: Reason): UnavailableError {
  const message = `${path} is not safe to use, because other users could replace it: ${folder} ${text}.`;
  return new UnavailableError('file-not-writable', message, { hint: hint(folder) });
}

function isTrusted(uid: number, userId: number): boolean {
  return uid === userId || uid === 0 || isUnmappedUser(uid);
}

/** Whether the mode lets a user other than `userId` and root write, as far as the system's users and groups tell. */
export function isWritableByOthers({ mode, gid }: Stats, userId: number): boolean {
  if ((mode & 0o002) !== 0) return true;
  return (mode & 0o020) !== 0 && !isOwnGroup(gid, userId);
}

/** Whether this is the placeholder for users that are not mapped into a user namespace, such as root under `PrivateUsers=yes`. */
function isUnmappedUser(uid: number): boolean {
  const overflow = readIfThere('/proc/sys/kernel/overflowuid');
  if (overflow === undefined || uid !== Number(overflow)) return false;
  return !isMappedUser(uid, readIfThere('/proc/self/uid_map') ?? '');
}

/** user_namespaces(7): each line of `uidMap` has the first user inside, the first outside, and their number. */
export function isMappedUser(uid: number, uidMap: string): boolean {
  return uidMap.split('\n').some((line) => {
    const [first, , count] = line.trim().split(/\s+/u).map(Number);
    return first !== undefined && count !== undefined && uid >= first && uid < first + count;
  });
}

/**
 * Whether only `userId` and root are in the group. Many systems create such a group for each user, and with their umask
 * of 002 the folders in a home are writable by it. A group that is not in the system's files counts if its number is the
 * user's.
 */
function isOwnGroup(gid: number, userId: number): boolean {
  if (isAdminGroup(gid)) return true;
  const users = readTable('/etc/passwd').map(([name, , uid, primary]) => ({
    name,
    uid: Number(uid),
    gid: Number(primary),
  }));
  const own = users.filter(({ uid }) => uid === userId || uid === 0).map(({ name }) => name);
  if (users.some((user) => user.gid === gid && !own.includes(user.name))) return false;
  const group = readTable('/etc/group').find(([, , id]) => Number(id) === gid);
  if (group === undefined) return gid === userId;
  const members = (group[3] ?? '').split(',').filter((name) => name !== '');
  if (members.some((name) => !own.includes(name))) return false;
  return gid === userId || users.some((user) => user.gid === gid) || members.length > 0;
}

/** Whether the members of the group may become root anyway. */
export function isAdminGroup(gid: number, platform = process.platform): boolean {
  return gid === 0 || (platform === 'darwin' && gid === MAC_ADMIN_GROUP);
}

/** The lines of a file in the format of passwd(5), split into fields. */
function readTable(path: string): (readonly string[])[] {
  const lines = (readIfThere(path) ?? '').split('\n');
  return lines.filter((line) => /^[^#:]+:/u.test(line)).map((line) => line.split(':'));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
