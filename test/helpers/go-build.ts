// What the system's own Go needs to build a program with Debian's AWS SDK for Go.
import { fileURLToPath } from 'node:url';

export const GO_BUILD = {
  GO111MODULE: 'off',
  GOPATH: '/usr/share/gocode',
  // Kept where tools keep such things: the SDK is a minute's work, and two test files are built with it.
  GOCACHE: fileURLToPath(new URL('../../node_modules/.cache/go-build', import.meta.url)),
  // Neither C nor optimized: what is built makes a few calls and is thrown away.
  CGO_ENABLED: '0',
  GOFLAGS: '-p=2 -gcflags=all=-N',
} as const;
