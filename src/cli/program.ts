// One command line from its words to its exit code, whatever happens on the way.
import type { CliContext } from './context.ts';
import { findQuickCommand } from './quick-command.ts';

/** Runs one command line (without node and script) and gives its exit code; never rejects. */
export async function runCommandLine(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    const quick = findQuickCommand(argv);
    if (quick !== undefined) return await quick(context);
    const { runCommandTree } = await import('./command-tree.ts');
    return await runCommandTree(argv, context);
  } catch (error) {
    const { reportError } = await import('./terminal/render.ts');
    return reportError(error, context, { isDebug: argv.includes('--debug') });
  }
}
