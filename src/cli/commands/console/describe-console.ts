// The words for a console's role and its end.
import { formatDuration } from '../../../core/text/format-duration.ts';
import type { ConsoleDocument } from '../../../local-api/schemas.ts';
import { describeRole } from '../../picker/role-columns.ts';
import type { ConsoleContext } from './options.ts';

export function describeConsole(found: ConsoleDocument): string {
  return describeRole({ ...found, label: found.session, protected: false }, '', false);
}

/** "for 4 h". */
export function describeEnd({ endsAt = '' }: ConsoleDocument, context: Pick<ConsoleContext, 'clock'>): string {
  return `for ${formatDuration(Date.parse(endsAt) - context.clock.nowMs())}`;
}
