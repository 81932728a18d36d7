// What every user of this machine could see in its process list while something runs: arguments and environments.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessSampler {
  /** How often it has looked. */
  samples(): number;
  /** Everything seen in arguments or environments that contains one of the texts, without the text. */
  find(secrets: readonly string[]): readonly string[];
  stop(): void;
}

/**
 * Reads /proc a hundred times a second, without the processes that were there before. Less often where that would take more than
 * a fifth of this thread: the daemon of a rig and the proxy of an ssh connection run in it too.
 */
export function sampleProcesses(): ProcessSampler {
  const seen = new Map<string, string>();
  const before = new Set(readdirSync('/proc'));
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const startedAtMs = performance.now();
    count += 1;
    for (const pid of readdirSync('/proc')) {
      if (before.has(pid)) continue;
      for (const kind of ['cmdline', 'environ']) {
        const text = read(`/proc/${pid}/${kind}`);
        if (text !== '') seen.set(text, `${kind} of ${read(`/proc/${pid}/comm`).trim()}`);
      }
    }
    timer = setTimeout(look, Math.max(10, 4 * (performance.now() - startedAtMs)));
  };
  look();
  return {
    samples: () => count,
    find: (secrets) =>
      secrets.flatMap((secret, index) =>
        [...seen].filter(([text]) => text.includes(secret)).map(([, where]) => `secret ${index} in ${where}`),
      ),
    stop: () => clearTimeout(timer),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended, or is another user's.
    return '';
  }
}
