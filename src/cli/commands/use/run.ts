// `rolecall use`: switches this shell to a role, through the shell hook, or sets the current role of this machine.
import { join } from 'node:path';
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { INERT_WORD } from '../../../core/text/harmless-text.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';
import type { Output } from '../../context.ts';
import { chooseRole, type ChosenRole } from '../../picker/choose-role.ts';
import { describeRenamed, refuseShadowed } from '../../profiles/credentials-file.ts';
import { findProfile } from '../../profiles/find-profile.ts';
import { guessHookShell, readHookLine } from '../../shell/install-lines.ts';
import { approveSwitch } from './approve-switch.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { UseContext, UseOptions } from './options.ts';
import { describeExactProfile, describeSignedOut, describeWithRegion } from './switched-role.ts';

/** Of the list of profile names that the daemon writes for shells. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

export async function runUse(words: readonly string[], options: UseOptions, context: UseContext): Promise<number> {
  const query = words.join(' ').trim();
  if (options.off === true && words.length > 0) {
    throw new UsageError('usage', 'use --off takes no profile.', { hint: 'rolecall use --help' });
  }
  if (options.printName === true && (options.current === true || options.json === true)) {
    throw new UsageError('usage', 'use --print-name goes with neither --current nor --json.', {
      hint: 'rolecall use --help',
    });
  }
  if (options.current === true) {
    const { useAsCurrent } = await import('./current-role.ts');
    return useAsCurrent(query, { ...options, mayAsk: mayAsk(options, context) }, context);
  }
  if (options.off === true) throw noHook('unset AWS_PROFILE', context);
  if (query === '-') throw noHook('export AWS_PROFILE=NAME', context);
  if (options.json === true) {
    if (query !== '') await refuseShadowed(query, context);
    const chosen = await chooseForShell(query, options, context);
    if (chosen === undefined) return EXIT_INTERRUPTED;
    if (chosen.role.profile !== null) await refuseShadowed(chosen.role.profile, context);
    context.stdout.write(formatJson(chosen.role));
    return 0;
  }
  if (options.printName !== true && query === '') throw noHook('export AWS_PROFILE=NAME', context);
  if (options.back === true) await refuseShadowed(query, context);
  const name = options.back === true ? query : await findName(query, options, context);
  if (name === undefined) return EXIT_INTERRUPTED;
  if (options.printName !== true) throw noHook(`export AWS_PROFILE=${quoteForShell(name)}`, context);
  if (!INERT_WORD.test(name)) {
    throw new UsageError('usage', `"${name}" contains characters that prompts and scripts could misread.`, {
      hint: `export AWS_PROFILE=${quoteForShell(name)}`,
    });
  }
  context.stdout.write(`${name}\n`);
  return 0;
}

/** Whether to ask: the user sees the question, types the answer, and did not ask for JSON. The hook reads stdout through a pipe. */
function mayAsk({ json, picker, printName }: UseOptions, context: UseContext): boolean {
  if (json === true || !picker) return false;
  const isVisible = context.stderr.isTTY === true && (printName === true || context.stdout.isTTY === true);
  return isVisible && context.stdinIsTerminal;
}

function chooseForShell(query: string, options: UseOptions, context: UseContext): Promise<ChosenRole | undefined> {
  return chooseRole(
    {
      query,
      purpose: 'in this shell',
      command: 'rolecall use',
      mayAsk: mayAsk(options, context),
      needsProfile: true,
    },
    context,
  );
}

/**
 * The profile for AWS_PROFILE. If the user did not name it exactly, prints its account and permission set.
 * @throws ConflictError profile-shadowed: AWS clients would not get the role by that name
 */
async function findName(query: string, options: UseOptions, context: UseContext): Promise<string | undefined> {
  if (query !== '') await refuseShadowed(query, context);
  if (query !== '' && (await isNameOfProfile(query, context))) {
    if (options.printName === true && context.stderr.isTTY === true) {
      context.stderr.write(await describeExactProfile(query, mayAsk(options, context), context));
    }
    return query;
  }
  // Without the hook nothing is switched, so there is nothing to sign in for.
  const mayOffer = options.printName === true && mayAsk(options, context);
  const chosen = await withSignIn(() => chooseForShell(query, options, context), { mayAsk: mayOffer }, context);
  if (chosen === undefined) return undefined;
  const name = chosen.role.profile ?? undefined;
  if (name !== undefined) await refuseShadowed(name, context);
  if (options.printName === true && context.stderr.isTTY === true) await approveSwitch(chosen.role, context);
  const ended = await describeSignedOut(chosen.role.session, mayOffer, context);
  const description = await describeWithRegion(chosen.role, context, chosen.describe);
  context.stderr.write(`${description}${ended}\n${await describeRenamed(chosen.role, context)}`);
  if (name !== undefined && chosen.role.unwritten === true) await writeProfile(name, context);
  return name;
}

/** With `write = "used"` a profile is written to the file on first use. */
async function writeProfile(name: string, context: UseContext): Promise<void> {
  await context.client.call('writeProfile', { body: { name } }, { signal: context.signal });
}

/** Whether the config file has this profile, rolecall's or not: first by the daemon's list of names, then by asking the daemon. */
async function isNameOfProfile(name: string, context: UseContext): Promise<boolean> {
  try {
    const text = await readBoundedFile(join(context.paths.switchDirectory, 'profiles'), MAX_LIST_BYTES);
    if (text.split('\n').includes(name)) return true;
  } catch {
    // No daemon has written the list yet.
  }
  const found = await findProfile(name, context);
  if (found?.unwritten === true) await writeProfile(name, context);
  return found !== undefined;
}

/** A program cannot change the shell that started it; the hook can. */
function noHook(byHand: string, { environment }: Pick<Output, 'environment'>): UsageError {
  const shell = guessHookShell(environment['SHELL']);
  return new UsageError('usage', `The shell hook is not set up in this shell. Without it, "${byHand}" does the same.`, {
    hint: shell === undefined ? 'rolecall shell-init --help' : readHookLine(shell),
  });
}
