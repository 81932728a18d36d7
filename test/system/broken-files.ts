// Worlds in which rolecall's own files are gone, replaced, closed to it, or on a disk that takes nothing.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writePrivate } from '../helpers/rig.ts';
import { startDaemon, whileSuspended, type BrokenWorld } from './broken-world.ts';
import type { HintWorld } from './hint-world.ts';
import { deleteFolder } from '../helpers/delete-folder.ts';

/** Of point 1 of the table: the daemon's socket. */
export const BROKEN_SOCKETS: readonly BrokenWorld[] = [
  {
    name: 'the folder of the socket deleted under the daemon',
    async breakIt(world) {
      await startDaemon(world);
      deleteFolder(world.socketFolder);
    },
  },
  {
    name: 'XDG_RUNTIME_DIR deleted under the daemon',
    isVariant: true,
    async breakIt(world) {
      await startDaemon(world);
      deleteFolder(dirname(world.socketFolder));
    },
  },
  {
    name: 'the socket deleted under the daemon',
    isVariant: true,
    async breakIt(world) {
      await startDaemon(world);
      rmSync(world.socketPath);
    },
  },
  {
    name: 'a file in place of the socket, under the daemon',
    async breakIt(world) {
      // Suspended, for it would make the socket anew in between.
      whileSuspended(await startDaemon(world), () => {
        rmSync(world.socketPath);
        writePrivate(world.socketPath, '');
      });
    },
  },
  {
    name: 'a file in place of the socket, no daemon',
    breakIt: ({ socketPath }) => writePrivate(socketPath, ''),
  },
  {
    name: 'a folder in place of the socket, no daemon',
    isVariant: true,
    breakIt: ({ socketPath }) => writePrivate(join(socketPath, 'file'), ''),
  },
  {
    name: 'a file in place of the folder of the socket, no daemon',
    breakIt({ socketFolder }) {
      deleteFolder(socketFolder);
      writePrivate(socketFolder, '');
    },
  },
  {
    name: 'the folder of the socket open to everybody, no daemon',
    isVariant: true,
    breakIt: ({ socketFolder }) => chmodSync(socketFolder, 0o777),
  },
];

/** Of point 2: the lock and the state folder. */
export const BROKEN_STATE_FOLDERS: readonly BrokenWorld[] = [
  {
    name: 'the lock deleted under the daemon',
    isVariant: true,
    async breakIt(world) {
      await startDaemon(world);
      rmSync(world.lockFile);
    },
  },
  {
    name: 'a folder in place of the lock, no daemon',
    isVariant: true,
    breakIt: ({ lockFile }) => writePrivate(join(lockFile, 'file'), ''),
  },
  {
    name: 'a folder in place of the lock, under the daemon',
    async breakIt(world) {
      whileSuspended(await startDaemon(world), () => {
        rmSync(world.lockFile);
        writePrivate(join(world.lockFile, 'file'), '');
      });
    },
  },
  {
    name: 'a symlink in place of the lock, no daemon',
    breakIt: ({ lockFile }) => symlinkSync('/dev/null', lockFile),
  },
  {
    name: 'the state folder deleted under the daemon',
    async breakIt(world) {
      await startDaemon(world);
      deleteFolder(world.stateDirectory);
    },
  },
  {
    name: 'the state folder deleted, no daemon',
    breakIt: ({ stateDirectory }) => deleteFolder(stateDirectory),
  },
  {
    name: 'a file in place of the state folder, no daemon',
    breakIt({ stateDirectory }) {
      deleteFolder(stateDirectory);
      writePrivate(stateDirectory, '');
    },
  },
  {
    name: 'a file above the state folder, no daemon',
    isVariant: true,
    breakIt({ stateDirectory }) {
      deleteFolder(dirname(stateDirectory));
      writePrivate(dirname(stateDirectory), '');
    },
  },
  {
    name: 'a symlink in place of the state folder, no daemon',
    breakIt({ stateDirectory }) {
      renameSync(stateDirectory, `${stateDirectory} elsewhere`);
      symlinkSync(`${stateDirectory} elsewhere`, stateDirectory);
    },
  },
];

const DOWNLOAD = 'somebodys-download';

function fill(folder: string): void {
  const path = join(folder, DOWNLOAD);
  writeFileSync(path, '');
  for (const bytes of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(bytes));
    } catch {
      // Full, but perhaps for less than that.
    }
  }
}

const makeRoom = (folder: string) => rmSync(join(folder, DOWNLOAD));

function takeInodes(folder: string): void {
  try {
    for (let index = 0; ; index += 1) writeFileSync(join(folder, `${DOWNLOAD}-${index}`), '');
  } catch {
    // There are no more.
  }
}

const freeInodes = (folder: string) => execFileSync('/bin/sh', ['-c', 'rm "$0"/somebodys-download-*', folder]);

const remount = (folder: string, how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, folder]);

/** `df` shows the disk of a folder, and somebody makes room. */
const shownByDf = (folder: (world: HintWorld) => string, act: (world: HintWorld) => unknown) => (world: HintWorld) =>
  Object.fromEntries(['-h', '-i'].map((option) => [`df ${option} ${folder(world)}`, () => act(world)]));

/** Of point 6: permissions and disks. */
export const BROKEN_DISKS: readonly BrokenWorld[] = [
  {
    name: 'the state folder read-only, no daemon',
    needs: 'modes',
    breakIt: ({ stateDirectory }) => chmodSync(stateDirectory, 0o500),
  },
  {
    name: 'the state folder read-only, under the daemon',
    needs: 'modes',
    isVariant: true,
    async breakIt(world) {
      await startDaemon(world);
      chmodSync(world.stateDirectory, 0o500);
    },
  },
  {
    name: 'the state folder without any permission, no daemon',
    needs: 'modes',
    breakIt: ({ stateDirectory }) => chmodSync(stateDirectory, 0),
  },
  {
    name: 'the lock read-only, no daemon',
    needs: 'modes',
    isVariant: true,
    breakIt: ({ lockFile }) => writeFileSync(lockFile, '', { mode: 0o400 }),
  },
  {
    name: 'the state on a read-only file system',
    needs: 'mounts',
    breakIt({ mount, stateDirectory }) {
      mount(stateDirectory, 'size=1m');
      remount(stateDirectory, 'ro');
    },
    person: shownByDf(
      ({ stateDirectory }) => stateDirectory,
      ({ stateDirectory }) => remount(stateDirectory, 'rw'),
    ),
  },
  {
    name: 'the disk full before the daemon starts',
    needs: 'mounts',
    breakIt({ mount, stateDirectory }) {
      mount(stateDirectory, 'size=512k');
      fill(stateDirectory);
    },
    person: shownByDf(
      ({ stateDirectory }) => stateDirectory,
      ({ stateDirectory }) => makeRoom(stateDirectory),
    ),
  },
  {
    name: 'the disk full while the daemon runs',
    needs: 'mounts',
    async breakIt(world) {
      world.mount(world.stateDirectory, 'size=512k');
      await startDaemon(world);
      fill(world.stateDirectory);
      world.rig.emulator.expireAccessTokens();
    },
    person(world) {
      const act = () => makeRoom(world.stateDirectory);
      return { [`df -h ${world.stateDirectory}`]: act, [`df -h ${world.stateDirectory}/switch`]: act };
    },
  },
  {
    name: 'no inodes for the folder of the socket',
    needs: 'mounts',
    breakIt({ mount, socketFolder }) {
      deleteFolder(socketFolder);
      mount(dirname(socketFolder), 'size=1m,nr_inodes=20');
      takeInodes(dirname(socketFolder));
    },
    person: shownByDf(
      ({ socketFolder }) => dirname(socketFolder),
      ({ socketFolder }) => freeInodes(dirname(socketFolder)),
    ),
  },
  {
    name: 'no inodes for the state folder',
    needs: 'mounts',
    breakIt({ mount, stateDirectory }) {
      mount(stateDirectory, 'size=1m,nr_inodes=60');
      takeInodes(stateDirectory);
    },
    person: shownByDf(
      ({ stateDirectory }) => stateDirectory,
      ({ stateDirectory }) => freeInodes(stateDirectory),
    ),
  },
];
