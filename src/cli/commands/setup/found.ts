// The start URLs that other tools' files have, as a numbered choice.
import { UsageError } from '../../../core/errors.ts';
import type { FoundSessionsDocument } from '../../../local-api/schemas.ts';
import type { DaemonAccess } from '../../context.ts';
import type { Interview } from '../../terminal/interview.ts';
import { count, harmless } from '../../terminal/render.ts';
import { TOOL_NAMES } from '../../tool-names.ts';

export type FoundSession = FoundSessionsDocument['sessions'][number];

/** The sso-sessions in the files of other tools; a file that cannot be used is a note. */
export async function findOnThisMachine(interview: Interview, context: DaemonAccess): Promise<readonly FoundSession[]> {
  const { sessions, notes } = await context.client.call('foundSessions', {}, { signal: context.signal });
  for (const note of notes) interview.warn(note);
  return sessions;
}

/** The sessions that the user picks, or the start URL that they type instead. */
export async function chooseFound(
  found: readonly FoundSession[],
  interview: Interview,
): Promise<readonly FoundSession[] | string> {
  interview.say(`These start URLs are already on this machine:\n${found.map(describe).join('')}\n`);
  const isOne = found.length === 1;
  let chosen: readonly FoundSession[] = [];
  const typed = await interview.ask({
    flag: '--start-url',
    given: undefined,
    question: isOne ? 'Enter for this one, or another start URL' : 'Numbers like "1 3", "all", or another start URL',
    defaultAnswer: isOne ? '1' : 'all',
    check(text) {
      chosen = pick(text.trim(), found);
      return text.trim();
    },
  });
  return chosen.length > 0 ? chosen : typed;
}

function describe({ name, startUrl, isAws, region, tools, profiles }: FoundSession, index: number): string {
  // The AWS CLI's file is also that of other tools.
  const sources = tools.map((tool) => (tool === 'aws' ? '~/.aws/config' : TOOL_NAMES[tool]));
  const from = new Intl.ListFormat('en-GB').format(sources);
  const facts = [
    ...(region === null ? [] : [region]),
    `from ${from}`,
    ...(profiles === 0 ? [] : [count(profiles, 'profile')]),
    ...(isAws ? [] : ['not an AWS address']),
  ];
  return `  ${String(index + 1).padStart(2)}  ${harmless(startUrl)}\n      ${harmless(name)}: ${facts.join(', ')}\n`;
}

/** By number, several numbers, or all; empty for what looks like a start URL. @throws UsageError usage */
function pick(text: string, found: readonly FoundSession[]): readonly FoundSession[] {
  if (text.toLowerCase() === 'all') return found;
  if (/[.:/]/.test(text)) return [];
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const numbers = words.map(Number);
  if (words.length > 0 && numbers.every((number) => found[number - 1] !== undefined)) {
    return found.filter((_session, index) => numbers.includes(index + 1));
  }
  throw new UsageError('usage', `Type numbers from 1 to ${found.length}, "all", or a start URL.`);
}
