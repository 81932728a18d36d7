// Logs the warnings about settings that are known only later than the start: they need ~/.aws/config or the lists of roles.
import type { Problem } from '../../core/problems.ts';
import type { Log } from '../process/log.ts';

/** A function for all warnings of the moment, which logs those that were not there the last time. */
export function createLogNewWarnings(log: Log): (warnings: readonly Problem[]) => void {
  let before: ReadonlySet<string> = new Set();
  return (warnings) => {
    const messages = new Set(warnings.map(({ message }) => message));
    for (const message of messages) if (!before.has(message)) log('warn', message);
    before = messages;
  };
}
