#!/usr/bin/env node
// Starts the daemon (src/daemon/main.ts), where Node can with its compiled form kept in the user's own folder.
import module from 'node:module';
import { homedir } from 'node:os';
module.enableCompileCache?.(`${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/rolecall`);
await import('../dist/daemon/main.js');
