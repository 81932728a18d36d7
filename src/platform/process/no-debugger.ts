// Keeps Node's inspector closed: by default SIGUSR1 opens it on 127.0.0.1:9229, where every local user can attach.

/** Call it first: once a listener is installed, SIGUSR1 no longer opens the inspector. */
export function ignoreDebuggerSignal(): void {
  process.on('SIGUSR1', () => undefined);
}

/** Flags for a Node that we start, which close the gap before its first line of JavaScript (Node 22.14, 23.7 and later). */
export function noDebuggerFlags(): readonly string[] {
  return process.allowedNodeEnvironmentFlags.has('--disable-sigusr1') ? ['--disable-sigusr1'] : [];
}
