// The process of `rolecall emulator`: chooses the real files, streams and signals, and nothing else.
import { readFile } from 'node:fs/promises';
import { ignoreDebuggerSignal } from '../platform/no-debugger.ts';
import { runEmulatorCommand } from './command.ts';

ignoreDebuggerSignal();

process.exitCode = await runEmulatorCommand({
  args: process.argv.slice(2),
  readFile: (path) => readFile(path, 'utf8'),
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  untilStopped: new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  }),
});
