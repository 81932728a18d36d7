// Set-up of the unit layer: makes a test fail that starts a process, listens or connects.
import { ChildProcess } from 'node:child_process';
import { Server, Socket } from 'node:net';

function refuse(what: string): () => never {
  return () => {
    throw new Error(`A test of the unit layer ${what}: see test/helpers/test-layers.ts`);
  };
}

Object.assign(ChildProcess.prototype, { spawn: refuse('starts a process') });
Object.assign(Server.prototype, { listen: refuse('listens on a socket') });
Object.assign(Socket.prototype, { connect: refuse('connects a socket') });
