// `rolecall config path`: prints where the settings file is, or would be.
import { existsSync } from 'node:fs';
import type { Output, Places } from '../../context.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';

export function runConfigPath(
  { json }: { readonly json?: boolean },
  { stdout, paths }: Pick<Output, 'stdout'> & Pick<Places, 'paths'>,
): number {
  const path = paths.settingsFile;
  stdout.write(json === true ? formatJsonLine({ path, exists: existsSync(path) }) : `${path}\n`);
  return 0;
}
