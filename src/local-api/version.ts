// The version of this installation, from its own package.json.
import { readFileSync } from 'node:fs';

/** Read at each call: a running daemon that was upgraded underneath keeps the answer of its start. */
export function loadVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
