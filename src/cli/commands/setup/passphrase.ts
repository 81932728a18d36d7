// Asks for the passphrase of the encrypted file, and where it is kept, before anything is written.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../core/errors.ts';
import type { Output, Places, SecretDialog, ServiceAccess } from '../../context.ts';
import { askChoice, type Interview } from '../../terminal/interview.ts';
import { harmless, shortenPath } from '../../terminal/render.ts';

export interface ChosenPassphrase {
  readonly text: string;
  /** Whether it goes into a file, so that the daemon finds it at each start. */
  readonly isKept: boolean;
}

const MIN_LENGTH = 8;
const SECRET_FILE_NAME = 'secrets.json';

type Context = Output & Places & SecretDialog & ServiceAccess;

/** Undefined if the daemon has one already, from this shell or from the file, or if nobody can be asked. */
export async function askPassphrase(
  interview: Interview,
  context: Context,
  wantsService: boolean,
): Promise<ChosenPassphrase | undefined> {
  const { environment, homeDirectory, paths } = context;
  if (!interview.isOpen) return undefined;
  const file = harmless(shortenPath(paths.passphraseFile, homeDirectory));
  if ((environment['ROLECALL_PASSPHRASE'] ?? '') !== '') {
    interview.say('The passphrase is ROLECALL_PASSPHRASE of this shell.\n');
    return undefined;
  }
  if (existsSync(paths.passphraseFile)) {
    interview.say(`The passphrase is in ${file}.\n`);
    return undefined;
  }
  const secretFile = join(paths.stateDirectory, SECRET_FILE_NAME);
  const text = existsSync(secretFile)
    ? await readHidden(`Passphrase of ${harmless(shortenPath(secretFile, homeDirectory))} (not shown): `, context)
    : await readTwice(interview, context);
  const hasService = wantsService || (await context.findInstalledService()) !== undefined;
  return { text, isKept: hasService ? await keepsForService(file, interview) : await keeps(file, interview) };
}

async function readTwice(interview: Interview, context: SecretDialog): Promise<string> {
  for (;;) {
    const text = await readHidden('Passphrase for the encrypted file (not shown): ', context);
    if (text.length < MIN_LENGTH) {
      interview.say(`  Use at least ${MIN_LENGTH} characters.\n`);
      continue;
    }
    if ((await readHidden('The same again: ', context)) === text) return text;
    interview.say('  They differ. Start again.\n');
  }
}

async function readHidden(question: string, context: SecretDialog): Promise<string> {
  const text = await context.askHidden(question);
  if (text !== undefined) return text;
  throw new UsageError('usage', 'No passphrase. Nothing was written.', { hint: 'rolecall setup' });
}

async function keeps(file: string, interview: Interview): Promise<boolean> {
  interview.say(
    '\nThe daemon needs the passphrase whenever it starts. Where is it kept?\n' +
      '  1  nowhere; you type it again after each start, and `rolecall status` says how\n' +
      `  2  in ${file}, which only you can read;\n     whoever gets that file can decrypt the tokens\n`,
  );
  return (await askChoice(interview, '--secret-store', ['nowhere', 'file'])) === 'file';
}

/** A service starts without a person, so it needs the file. */
function keepsForService(file: string, interview: Interview): Promise<boolean> {
  interview.say(
    `\nThe service starts without asking, so it needs the passphrase in a file.\nOnly you can read ${file};\n` +
      'whoever gets that file can decrypt the tokens.\n',
  );
  return interview.confirm('Keep it there?', true);
}
