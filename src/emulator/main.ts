// The process of `rolecall emulator`: real files, streams and signals.
import { readBoundedFile } from '../platform/files/bounded-read.ts';
import { ignoreDebuggerSignal } from '../platform/process/harden-process.ts';
import { runEmulatorCommand } from './command.ts';
import { writeCaFile } from './tls/ca-file.ts';

/** Enough for 20,000 accounts with their assignments. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

ignoreDebuggerSignal();

void runEmulatorCommand({
  args: process.argv.slice(2),
  environment: process.env,
  readFile: (path) => readBoundedFile(path, MAX_DIRECTORY_BYTES),
  writeCaFile,
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  untilStopped: new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  }),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
