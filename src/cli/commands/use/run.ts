// `rolecall use`: the role of this shell, through the shell hook, or the current role of the whole machine.
import { join } from 'node:path';
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import { INERT_WORD } from '../../../core/text/harmless-text.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { NewCurrentRole } from '../../../local-api/schemas.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';
import type { CliContext } from '../../context.ts';
import { describeRenamed, hasInCredentialsFile, refuseShadowed } from '../../profiles/credentials-file.ts';
import { findProfile } from '../../profiles/find-profile.ts';
import { chooseRole, describeOne, type ChosenRole } from '../../picker/choose-role.ts';
import { harmless } from '../../terminal/render.ts';
import { guessHookShell, readHookLine } from '../../shell/install-lines.ts';

/** Of the names of profiles that the daemon keeps for shells. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

export interface UseOptions {
  readonly current?: boolean;
  readonly off?: boolean;
  readonly json?: boolean;
  /** For the hook: the profile's name alone on stdout. */
  readonly printName?: boolean;
  /** False: nobody is asked, whatever the terminal. */
  readonly picker?: boolean;
  /** For the hook's `use -`: the shell had this very name, of whatever tool; only keys under it are looked for. */
  readonly back?: boolean;
}

export async function runUse(words: readonly string[], options: UseOptions, context: CliContext): Promise<number> {
  const query = words.join(' ').trim();
  if (options.off === true && words.length > 0) {
    throw new UsageError('usage', 'use --off takes no profile.', { hint: 'rolecall use --help' });
  }
  if (options.printName === true && (options.current === true || options.json === true)) {
    throw new UsageError('usage', 'use --print-name goes with neither --current nor --json.', {
      hint: 'rolecall use --help',
    });
  }
  if (options.current === true) return useAsCurrent(query, options, context);
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
    throw new UsageError('usage', `"${name}" has characters that prompts and scripts might misread.`, {
      hint: `export AWS_PROFILE=${quoteForShell(name)}`,
    });
  }
  context.stdout.write(`${name}\n`);
  return 0;
}

/** A person who sees the picker sits at a terminal and has not asked for JSON; the hook's stdout is its own pipe. */
function mayAsk({ json, picker, printName }: UseOptions, context: CliContext): boolean {
  if (json === true || picker === false) return false;
  const isSeen = context.stderr.isTTY === true && (printName === true || context.stdout.isTTY === true);
  return isSeen && context.stdinIsTerminal;
}

function chooseForShell(query: string, options: UseOptions, context: CliContext): Promise<ChosenRole | undefined> {
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
 * A profile's name for AWS_PROFILE; what was not named exactly is told with its account.
 * @throws ConflictError profile-shadowed: a client would not get the role by that name
 */
async function findName(query: string, options: UseOptions, context: CliContext): Promise<string | undefined> {
  if (query !== '') await refuseShadowed(query, context);
  if (query !== '' && (await isNameOfProfile(query, context))) return query;
  const chosen = await chooseForShell(query, options, context);
  if (chosen === undefined) return undefined;
  const name = chosen.role.profile ?? undefined;
  if (name !== undefined) await refuseShadowed(name, context);
  context.stderr.write(`${chosen.description}\n${await describeRenamed(chosen.role, context)}`);
  if (name !== undefined && chosen.role.unwritten === true) await writeProfile(name, context);
  return name;
}

/** With `write = "used"` a profile comes into the file now that somebody wants it. */
async function writeProfile(name: string, context: CliContext): Promise<void> {
  await context.client.call('writeProfile', { body: { name } }, { signal: context.signal });
}

/** Any profile of the config file is one, rolecall's or not: of an sso-session by the daemon's word, another by its list. */
async function isNameOfProfile(name: string, context: CliContext): Promise<boolean> {
  try {
    const text = await readBoundedFile(join(context.paths.switchDirectory, 'profiles'), MAX_LIST_BYTES);
    if (text.split('\n').includes(name)) return true;
  } catch {
    // No daemon has ever written it: the next one is asked instead.
  }
  const found = await findProfile(name, context);
  if (found?.unwritten === true) await writeProfile(name, context);
  return found !== undefined;
}

async function useAsCurrent(query: string, options: UseOptions, context: CliContext): Promise<number> {
  const role = options.off === true ? null : await findCurrent(query, options, context);
  if (role === undefined) return EXIT_INTERRUPTED;
  const current = await context.client.call('setCurrent', { body: role }, { signal: context.signal });
  const isShadowed = current !== null && (await hasInCredentialsFile('current', context));
  if (isShadowed) {
    context.stderr.write(
      'Programs that run on [profile current] do not follow: AWS clients take [current] from the credentials file. See: rolecall status\n',
    );
  }
  if (options.json === true) {
    context.stdout.write(formatJson(current));
    return 0;
  }
  if (current === null) {
    context.stdout.write('No role is the current one any more.\n');
    return 0;
  }
  const description = await describeOne(current, context);
  const profile = current.profile === null ? '' : ` (profile ${harmless(current.profile)})`;
  context.stdout.write(`Current role: ${description}${profile}\n`);
  if (!isShadowed) {
    context.stderr.write(
      'Programs that run on [profile current] follow at their next refresh, in the middle of an apply if need be; for long runs: rolecall exec\n',
    );
  }
  return 0;
}

async function findCurrent(
  query: string,
  options: UseOptions,
  context: CliContext,
): Promise<NewCurrentRole | undefined> {
  if (query === 'current') {
    throw new UsageError('usage', '"current" is the profile that follows the current role, so it can’t become it.', {
      hint: 'rolecall use --current',
    });
  }
  if (query === '-') {
    throw new UsageError('usage', '"-" means the last profile of a shell, and the current role remembers none.', {
      hint: 'rolecall use --current',
    });
  }
  const named = query === '' ? undefined : await findProfile(query, context);
  if (named !== undefined && !named.followsCurrent) {
    const { session, accountId, permissionSet } = named;
    return { session, accountId, permissionSet };
  }
  if (query !== '' && named === undefined) await refuseShadowed(query, context, 'rolecall use --current');
  const chosen = await chooseRole(
    {
      query,
      purpose: 'as the current role',
      command: 'rolecall use --current',
      mayAsk: mayAsk(options, context),
      needsProfile: false,
    },
    context,
  );
  if (chosen === undefined) return undefined;
  const { session, accountId, permissionSet } = chosen.role;
  return { session, accountId, permissionSet };
}

/** A program can't change the shell that started it: the hook does, or the person. */
function noHook(byHand: string, { environment }: CliContext): UsageError {
  const shell = guessHookShell(environment['SHELL']);
  return new UsageError('usage', `This shell has not read rolecall's hook yet; without it: ${byHand}`, {
    hint: shell === undefined ? 'rolecall shell-init --help' : readHookLine(shell),
  });
}
