// `rolecall lock`: the daemon forgets role credentials, and refuses to give out any until it is unlocked.
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { DaemonAccess, Output } from '../../context.ts';

export async function runLock({ json }: { readonly json?: boolean }, context: DaemonAccess & Output): Promise<number> {
  const { locked, scope } = await context.client.call('lock', {}, { signal: context.signal });
  if (json === true) context.stdout.write(formatJsonLine({ locked, scope }));
  else {
    const what = scope === 'all' ? 'Programs get no credentials' : 'Programs get no credentials of protected roles';
    context.stdout.write(`Locked. ${what} until you run: rolecall unlock\n`);
  }
  return 0;
}
