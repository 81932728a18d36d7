// What waiting for an approval uses.
import type { CliContext } from '../../context.ts';

export type ApprovalContext = Pick<CliContext, 'client' | 'clock' | 'environment' | 'signal' | 'stderr'>;
