// Fast stand-ins for the AWS CLI and curl for `rolecall doctor`, which asks for versions: the real CLI takes half a second.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAMS = {
  aws: 'aws-cli/2.23.6 Python/3.13',
  curl: 'curl 8.5.0 (x86_64-pc-linux-gnu)',
} as const;

/** `path` with a folder before it in which both say at once that they are recent. */
export function withQuickPrograms(home: string, path = ''): string {
  const folder = join(home, 'quick');
  // Written once: what runs one of them meanwhile must not find it empty.
  if (existsSync(folder)) return `${folder}:${path}`;
  mkdirSync(folder, { recursive: true });
  for (const [name, version] of Object.entries(PROGRAMS)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
  }
  return `${folder}:${path}`;
}
