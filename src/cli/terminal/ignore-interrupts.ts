// Leaves Ctrl-C to a program that has the terminal, like a pager or an editor.

/** Ctrl-C means something to the program itself: less stops a search with it. Returns a function that undoes this. */
export function ignoreInterrupts(): () => void {
  const listeners = process.listeners('SIGINT');
  const ignore = () => undefined;
  process.removeAllListeners('SIGINT');
  process.on('SIGINT', ignore);
  return () => {
    process.off('SIGINT', ignore);
    for (const listener of listeners) process.on('SIGINT', listener);
  };
}
