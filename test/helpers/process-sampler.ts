// What every user of this machine could see in its process list while something runs: arguments and environments.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessSampler {
  /** How often it has looked. */
  samples(): number;
  /** Everything seen in arguments or environments that contains one of the texts, without the text. */
  find(secrets: readonly string[]): readonly string[];
  stop(): void;
}

/** Reads /proc a hundred times a second if the machine can, without the processes that were there before. */
export function sampleProcesses(): ProcessSampler {
  const seen = new Map<string, string>();
  const before = new Set(readdirSync('/proc'));
  let count = 0;
  const look = () => {
    count += 1;
    for (const pid of readdirSync('/proc')) {
      if (before.has(pid)) continue;
      for (const kind of ['cmdline', 'environ']) {
        const text = read(`/proc/${pid}/${kind}`);
        if (text !== '') seen.set(text, `${kind} of ${read(`/proc/${pid}/comm`).trim()}`);
      }
    }
  };
  look();
  const timer = setInterval(look, 10);
  return {
    samples: () => count,
    find: (secrets) =>
      secrets.flatMap((secret, index) =>
        [...seen].filter(([text]) => text.includes(secret)).map(([, where]) => `secret ${index} in ${where}`),
      ),
    stop: () => clearInterval(timer),
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
