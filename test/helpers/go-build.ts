// What the system's own Go needs to build a program with Debian's AWS SDK for Go.
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const GO = '/usr/bin/go';
const FLOCK = '/usr/bin/flock';

export const GO_BUILD = {
  GO111MODULE: 'off',
  GOPATH: '/usr/share/gocode',
  // Kept where tools keep such things: the SDK is a minute's work, and two test files are built with it.
  GOCACHE: fileURLToPath(new URL('../../node_modules/.cache/go-build', import.meta.url)),
  // Neither C nor optimized nor for a debugger: what is built makes a few calls and is thrown away.
  CGO_ENABLED: '0',
  GOFLAGS: `-p=2 '-gcflags=all=-N -l -dwarf=false' -ldflags=-w`,
} as const;

/** `go` with these arguments, one at a time: two that build the SDK at the same time would do its work twice. */
export function goCommand(...args: readonly string[]): readonly [program: string, ...args: string[]] {
  if (!existsSync(FLOCK)) return [GO, ...args];
  mkdirSync(GO_BUILD.GOCACHE, { recursive: true });
  return [FLOCK, '--close', `${GO_BUILD.GOCACHE}.lock`, GO, ...args];
}
