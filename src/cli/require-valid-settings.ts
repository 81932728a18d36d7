// Refuses to replace a running daemon while the new one would not start because of a mistake in its settings.
import { errorFromBody } from '../core/errors.ts';
import type { CliContext, Output } from './context.ts';

/** `outcome` says what was not done, as a sentence. @throws RolecallError: the error that the new daemon would report */
export async function requireValidSettings(
  outcome: string,
  context: Output & Pick<CliContext, 'checkSettings'>,
): Promise<void> {
  const error = await context.checkSettings();
  if (error === undefined) return;
  context.stderr.write(`${outcome}\n`);
  throw errorFromBody(error);
}
