#!/usr/bin/env node
// Starts the command line (src/cli/main.ts).
await import('../dist/cli/main.js');
