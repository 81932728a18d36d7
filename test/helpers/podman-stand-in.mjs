// Stands in for podman where no container runtime works: bubblewrap makes the containers, each with a network of its own.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { exit } from 'node:process';

const [verb, ...words] = process.argv.slice(2);
const run = (program, args, stdio, onSpawn = () => undefined) => {
  const child = spawn(program, args, { stdio });
  child.on('exit', (code, signal) => exit(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  onSpawn(child);
};

/** `podman unshare COMMAND`: here the container's own user namespace is enough. */
function unshare() {
  run('nsenter', ['--user', '--preserve-credentials', ...words.slice(1)], 'inherit');
}

function start() {
  const added = [];
  let pidFile;
  for (;;) {
    const word = words.shift();
    if (word === '--env-file') {
      for (const line of readFileSync(words.shift(), 'utf8').split('\n')) {
        if (line !== '') added.push('--setenv', line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1));
      }
    } else if (word === '--mount') {
      const parts = Object.fromEntries(
        words
          .shift()
          .split(',')
          .map((part) => part.split('=')),
      );
      added.push('--ro-bind', parts.source, parts.target);
    } else if (word === '--volume') {
      added.push('--ro-bind', ...words.shift().split(':').slice(0, 2));
    } else if (word === '--env') {
      const [name, value] = words.shift().split('=');
      added.push('--setenv', name, value);
    } else if (word === '--pidfile') {
      pidFile = words.shift();
    } else if (word === '--rootfs') {
      words.shift();
      break;
    }
  }
  const links = ['bin', 'sbin', 'lib', 'lib64'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]);
  const base = ['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run', '--tmpfs', '/root', ...links];
  const apart = [
    '--unshare-net',
    '--unshare-pid',
    '--unshare-ipc',
    '--die-with-parent',
    '--info-fd',
    '3',
    '--clearenv',
  ];
  const path = ['--setenv', 'PATH', '/usr/bin:/bin', '--setenv', 'HOME', '/root'];
  run(
    'bwrap',
    [...apart, ...base, ...path, ...added, '--', ...words],
    ['inherit', 'inherit', 'inherit', 'pipe'],
    (child) => {
      let text = '';
      child.stdio[3].on('data', (data) => {
        text += data;
        const [, pid] = /"child-pid": (\d+)/.exec(text) ?? [];
        if (pid !== undefined && pidFile !== undefined) writeFileSync(pidFile, pid);
      });
    },
  );
}

if (verb === 'unshare') unshare();
else start();
