#!/usr/bin/env node
// Starts the daemon (src/daemon/main.ts).
await import('../dist/daemon/main.js');
