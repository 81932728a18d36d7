// Asks for what the first run needs, shows the change and writes it; for `rolecall setup` and a first `rolecall login`.
import { UsageError } from '../../../core/errors.ts';
import { writePrivateFile } from '../../../platform/files/private-file.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { SetupDocument, SetupRequestDocument } from '../../../local-api/schemas.ts';
import type { Dialog, SecretDialog } from '../../context.ts';
import { fetchStatus, loadStatus } from '../../sessions.ts';
import type { RestartContext } from '../daemon/run.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { createInterview, type Interview } from '../../terminal/interview.ts';
import { createPainter, harmless, shortenPath } from '../../terminal/render.ts';
import { askService, askSessions, askStore, askTemplate, STORES, wantsAnother, type Store } from './questions.ts';
import { findOnThisMachine } from './found.ts';
import { askPassphrase } from './passphrase.ts';
import { restartForSettings } from './restart-for-settings.ts';

export interface SetupOptions {
  readonly from?: string;
  readonly refresh?: boolean;
  readonly sha256?: string;
  readonly publicKey?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** Options of the first run, which are refused together with a team file. */
  readonly startUrl?: string;
  readonly ssoRegion?: string;
  readonly name?: string;
  readonly profileNameTemplate?: string;
  readonly secretStore?: string;
  readonly service?: string;
}

export interface SetupOutcome {
  readonly sessionNames: readonly string[];
  readonly isWritten: boolean;
}

type Context = Dialog & SecretDialog & RestartContext;

/**
 * Asks, shows and writes; undefined if the user wants nothing written. `login` calls it on the first run.
 * @throws UsageError usage: an answer is missing and nobody can be asked
 */
export async function setUp(options: SetupOptions, context: Context): Promise<SetupOutcome | undefined> {
  const store = checkStore(options.secretStore);
  const wantsService = checkYesOrNo(options.service);
  const status = await loadStatus(context);
  const interview = createInterview(context, {
    isQuiet: options.yes === true || options.json === true,
    command: 'rolecall setup',
  });
  const isOpen = interview.isOpen && options.startUrl === undefined;
  const found = isOpen ? await findOnThisMachine(interview, context) : [];
  if (isOpen && !(await wantsAnother(status, found, interview))) {
    context.stderr.write('Nothing was changed. To sign in: rolecall login\n');
    return undefined;
  }

  const [session, ...moreSessions] = await askSessions(options, found, status, interview, context);
  const { name } = session;
  const nameTemplate = await askTemplate(options.profileNameTemplate, interview, async (template) => {
    return (await callSetup({ nameTemplate: template, dryRun: true }, context)).preview;
  });
  const secretStore = store ?? (await askStore(status, interview, context));
  const isService = wantsService ?? (await askService(interview, context));

  const passphrase = secretStore === 'file' ? await askPassphrase(interview, context, isService) : undefined;

  const request: SetupRequestDocument = {
    session,
    ...(moreSessions.length === 0 ? {} : { moreSessions: [...moreSessions] }),
    ...(nameTemplate === undefined ? {} : { nameTemplate }),
    ...(secretStore === undefined ? {} : { secretStore }),
  };
  const plan = await callSetup({ ...request, dryRun: true }, context);
  const passphraseFile = harmless(shortenPath(context.paths.passphraseFile, context.homeDirectory));
  if (options.json !== true) {
    showPlan(plan, context);
    if (passphrase?.isKept === true) context.stdout.write(`\nWrites the passphrase to ${passphraseFile}, mode 0600\n`);
  }
  if (options.dryRun === true || (isDone(plan) && !isService && passphrase === undefined)) {
    if (options.json === true) context.stdout.write(formatJson({ session: name, ...plan }));
    return { sessionNames: [name, ...moreSessions.map((other) => other.name)], isWritten: isDone(plan) };
  }
  if (options.json === true && options.yes !== true) {
    throw new UsageError(
      'usage',
      'With --json setup does not ask: pass --yes to write, or --dry-run to see the change.',
      {
        hint: 'rolecall setup --help',
      },
    );
  }
  if (!(await interview.confirm('Write it?', true))) {
    context.stderr.write(
      'Nothing was written. No sso-session was added, and you are not signed in.\nTo start again: rolecall setup\n',
    );
    return undefined;
  }
  const written = await callSetup(request, context);
  if (options.json === true) context.stdout.write(formatJson({ session: name, ...written }));
  else context.stderr.write('Written.\n');
  if (passphrase?.isKept === true) await writePrivateFile(context.paths.passphraseFile, `${passphrase.text}\n`);
  if (passphrase !== undefined) context.givePassphrase(passphrase.text);
  const asking = { ...context, stdinIsTerminal: interview.isOpen };
  if (isService) {
    const { runServiceInstall } = await import('../service/run.ts');
    await runServiceInstall({}, { ...asking, stdout: context.stderr });
  } else if (written.settings.written || passphrase !== undefined) {
    await restartForSettings(asking);
  }
  if (secretStore === 'file' && !interview.isOpen && (context.environment['ROLECALL_PASSPHRASE'] ?? '') === '') {
    interview.warn(
      'The encrypted file needs its passphrase: export ROLECALL_PASSPHRASE, then rolecall daemon restart, then sign in.',
    );
  }
  if (passphrase !== undefined) await reportLockedStore(interview, context);
  return { sessionNames: [name, ...moreSessions.map((other) => other.name)], isWritten: true };
}

/** Says so if the passphrase does not open a file from before. */
async function reportLockedStore(interview: Interview, context: Context): Promise<void> {
  const { problems } = await fetchStatus(context);
  const problem = problems.find(({ code }) => code === 'secret-store-locked');
  if (problem !== undefined) interview.warn(`${problem.message} Run: ${problem.hint}`);
}

const isDone = ({ config, settings }: SetupDocument) => config.diff === '' && settings.diff === '';

function callSetup(body: SetupRequestDocument, context: Context): Promise<SetupDocument> {
  return context.client.call('setup', { body }, { signal: context.signal });
}

function checkStore(text: string | undefined): Store | undefined {
  const store = STORES.find((name) => name === text);
  if (text === undefined || store !== undefined) return store;
  throw new UsageError('usage', `--secret-store is keychain, file or memory, not "${text}".`, {
    hint: 'rolecall setup --help',
  });
}

function checkYesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'yes' || text === 'no') return text === undefined ? undefined : text === 'yes';
  throw new UsageError('usage', `--service is yes or no, not "${text}".`, { hint: 'rolecall setup --help' });
}

function showPlan({ config, settings }: SetupDocument, context: Context): void {
  const paint = createPainter(context.stdout, context.environment);
  if (config.diff === '' && settings.diff === '') {
    context.stdout.write(`Nothing to change in ${harmless(shortenPath(config.path, context.homeDirectory))}.\n`);
  }
  for (const { diff } of [config, settings]) {
    if (diff === '') continue;
    context.stdout.write(`\n${formatDiff(diff, paint)}`);
  }
  for (const key of settings.kept) {
    context.stderr.write(
      `${harmless(shortenPath(settings.path, context.homeDirectory))} already sets ${harmless(key)} to another value, which stays.\n`,
    );
  }
}
