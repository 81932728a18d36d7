// `rolecall setup`: the first run. Asks for what nobody can guess, shows what it would write, and writes it.
import { UsageError } from '../../../core/errors.ts';
import { DEFAULT_NAME_TEMPLATE } from '../../../core/name-template.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { parseRegion, parseStartUrl } from '../../../core/aws/start-url.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { SetupDocument, SetupWishDocument, StatusDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { createPainter, harmless, shortenPath } from '../../terminal/render.ts';
import { createInterview, type Interview } from '../../terminal/interview.ts';
import { restartForSettings } from './restart-for-settings.ts';
import { loadStatus } from '../../sessions.ts';

export interface SetupOptions {
  readonly from?: string;
  readonly refresh?: boolean;
  readonly startUrl?: string;
  readonly ssoRegion?: string;
  readonly name?: string;
  readonly profileNameTemplate?: string;
  readonly secretStore?: string;
  readonly service?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What the person is told once it is written; `login` goes on by itself. */
export interface SetupOutcome {
  readonly sessionName: string;
  readonly isWritten: boolean;
}

export async function runSetup(options: SetupOptions, context: CliContext): Promise<number> {
  if (options.from !== undefined || options.refresh === true) {
    const { runTeamSetup } = await import('./team-setup.ts');
    return runTeamSetup(options, context);
  }
  const outcome = await setUp(options, context);
  if (outcome === undefined) return 0;
  if (options.json !== true && outcome.isWritten) {
    context.stderr.write(`Now sign in: rolecall login ${quoteForShell(outcome.sessionName)}\n`);
  }
  return 0;
}

/**
 * The whole conversation; undefined when the person wants nothing written.
 * @throws UsageError usage: something is missing and nobody is there to ask
 */
export async function setUp(options: SetupOptions, context: CliContext): Promise<SetupOutcome | undefined> {
  const store = checkStore(options.secretStore);
  const wantsService = checkYesOrNo(options.service);
  const status = await loadStatus(context);
  const interview = createInterview(context, {
    isQuiet: options.yes === true || options.json === true,
    command: 'rolecall setup',
  });
  if (interview.isOpen && options.startUrl === undefined && !(await wantsAnother(status, interview))) return undefined;

  const { startUrl, region: known, regionIs } = await askStartUrl(options, interview, context);
  const region = await askRegion(options, known, regionIs, interview);
  const name = await askName(options, startUrl, status, interview);
  const nameTemplate = await askTemplate(options, interview, context);
  const secretStore = store ?? (await askStore(status, interview, context));

  const isService = wantsService ?? (await askService(interview, context));

  const wish: SetupWishDocument = {
    session: { name, startUrl, region },
    ...(nameTemplate === undefined ? {} : { nameTemplate }),
    ...(secretStore === undefined ? {} : { secretStore }),
  };
  const plan = await callSetup({ ...wish, dryRun: true }, context);
  if (options.json !== true) showPlan(plan, context);
  if (options.dryRun === true || (isDone(plan) && !isService)) {
    if (options.json === true) context.stdout.write(formatJson({ session: name, ...plan }));
    return { sessionName: name, isWritten: isDone(plan) };
  }
  if (!(await interview.confirm('Write it?', true))) {
    context.stderr.write('Nothing was written.\n');
    return undefined;
  }
  const written = await callSetup(wish, context);
  if (options.json === true) context.stdout.write(formatJson({ session: name, ...written }));
  else context.stderr.write('Written.\n');
  if (isService) {
    const { runServiceInstall } = await import('../service/run.ts');
    await runServiceInstall({ ...context, stdout: context.stderr });
  } else if (written.settings.written) {
    await restartForSettings(context);
  }
  if (secretStore === 'file' && (context.environment['ROLECALL_PASSPHRASE'] ?? '') === '') {
    interview.warn(
      'The encrypted file needs its passphrase: export ROLECALL_PASSPHRASE, then rolecall daemon restart, then sign in.',
    );
  }
  return { sessionName: name, isWritten: true };
}

const isDone = ({ config, settings }: SetupDocument) => config.diff === '' && settings.diff === '';

function callSetup(body: SetupWishDocument, context: CliContext): Promise<SetupDocument> {
  return context.client.call('setup', { body }, { signal: context.signal });
}

async function wantsAnother(status: StatusDocument, interview: Interview): Promise<boolean> {
  interview.say(
    'To sign in to IAM Identity Center takes two things that your administrator knows: its start URL and its region.\n' +
      'Nothing is written before you have seen it; Ctrl-C stops.\n\n',
  );
  if (status.sessions.length === 0) return true;
  const rows = status.sessions.map(({ session, startUrl }) => `  ${harmless(session)}  ${harmless(startUrl)}\n`);
  interview.say(`There is an sso-session already:\n${rows.join('')}To sign in to it: rolecall login\n\n`);
  return interview.confirm('Add another one?', false);
}

async function askStartUrl(options: SetupOptions, interview: Interview, context: CliContext) {
  const startUrl = await interview.ask({
    flag: '--start-url',
    given: options.startUrl,
    question: 'Start URL, like https://d-1234567890.awsapps.com/start',
    check: (text) => parseStartUrl(text).startUrl,
  });
  const found = await context.client.call('startUrl', { query: { text: startUrl } }, { signal: context.signal });
  interview.say(`  ${harmless(found.startUrl)}\n`);
  if (!found.isAws) {
    interview.warn('That is no host of AWS’s. AWS’s own programs take it only if it leads on to one of theirs.');
  }
  return found;
}

function askRegion(
  options: SetupOptions,
  known: string | null,
  regionIs: string | null,
  interview: Interview,
): Promise<string> {
  const how = regionIs === 'in-the-url' ? 'as the start URL says' : 'as the start page says';
  return interview.ask({
    flag: '--sso-region',
    given: options.ssoRegion,
    question: known === null ? 'Region of Identity Center, like us-east-1' : `Region of Identity Center, ${how}`,
    ...(known === null ? {} : { standard: known }),
    check: parseRegion,
  });
}

function askName(
  options: SetupOptions,
  startUrl: string,
  status: StatusDocument,
  interview: Interview,
): Promise<string> {
  const taken = new Map(status.sessions.map((session) => [session.session, session.startUrl]));
  return interview.ask({
    flag: '--name',
    given: options.name,
    question: 'A name for this sso-session, for commands and files',
    standard: freeName(nameFrom(startUrl), startUrl, taken),
    check(text) {
      const name = text.trim();
      if (!/^[A-Za-z0-9_.@/-]{1,64}$/.test(name)) {
        throw new UsageError('usage', 'A name has letters, digits and . _ - @ / only, and no spaces.');
      }
      const other = taken.get(name);
      if (other !== undefined && other !== startUrl) {
        throw new UsageError('usage', `"${name}" is taken: it is the sso-session of ${other}.`);
      }
      return name;
    },
  });
}

/** The alias of the portal where it has one; AWS's own `d-1234567890` says nothing to anybody. */
function nameFrom(startUrl: string): string {
  const [label = ''] = new URL(startUrl).hostname.split('.');
  return /^(d-[0-9a-f]+|ssoins-.*|start|identitycenter)$/.test(label) || label === '' ? 'my-sso-session' : label;
}

function freeName(wanted: string, startUrl: string, taken: ReadonlyMap<string, string>): string {
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? wanted : `${wanted}-${attempt}`;
    const other = taken.get(name);
    if (other === undefined || other === startUrl) return name;
  }
}

async function askTemplate(
  options: SetupOptions,
  interview: Interview,
  context: CliContext,
): Promise<string | undefined> {
  if (options.profileNameTemplate === undefined && !interview.isOpen) return undefined;
  interview.say(
    '\nEach account and permission set becomes a profile. Its name may be made of {account_name}, {account_id},\n{permission_set} and {session}.\n',
  );
  for (;;) {
    const template = await interview.ask({
      flag: '--profile-name-template',
      given: options.profileNameTemplate,
      question: 'Profile names',
      standard: DEFAULT_NAME_TEMPLATE,
      async check(text) {
        const { preview } = await callSetup({ nameTemplate: text.trim(), dryRun: true }, context);
        const names = preview.map(({ profileName }) => profileName);
        interview.say(`  for example: ${names.map(harmless).join(', ')}\n`);
        return text.trim();
      },
    });
    // What Enter takes was seen before by nobody.
    if (
      options.profileNameTemplate !== undefined ||
      template === DEFAULT_NAME_TEMPLATE ||
      (await interview.confirm('Like these?', true))
    ) {
      return template;
    }
  }
}

const STORES = ['keychain', 'file', 'memory'] as const;
type Store = (typeof STORES)[number];

function checkStore(text: string | undefined): Store | undefined {
  const store = STORES.find((name) => name === text);
  if (text === undefined || store !== undefined) return store;
  throw new UsageError('usage', `--secret-store is keychain, file or memory, not "${text}".`, {
    hint: 'rolecall setup --help',
  });
}

async function askStore(status: StatusDocument, interview: Interview, context: CliContext): Promise<Store | undefined> {
  if (!interview.isOpen) return undefined;
  if ((context.environment['ROLECALL_SECRET_STORE'] ?? '') !== '') return undefined;
  const hasNone = status.store.driver === 'memory';
  interview.say(
    '\nA sign-in lasts for hours, and so does its token. Where should it be kept?\n' +
      `  1  the keychain of this machine${hasNone ? '; none is running now, so it would be in memory until there is one' : ', which is locked with your session'}\n` +
      '  2  an encrypted file; its passphrase has to be in ROLECALL_PASSPHRASE whenever the daemon starts\n' +
      '  3  nowhere but in memory: you sign in again whenever the daemon was stopped\n',
  );
  const answer = await interview.ask({
    flag: '--secret-store',
    given: undefined,
    question: 'Number',
    standard: '1',
    check(text) {
      const word = text.trim().toLowerCase();
      const store = STORES[Number(word) - 1] ?? STORES.find((name) => name === word);
      if (store === undefined) throw new UsageError('usage', 'Type 1, 2 or 3.');
      return store;
    },
  });
  return STORES.find((store) => store === answer);
}

function checkYesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'yes' || text === 'no') return text === undefined ? undefined : text === 'yes';
  throw new UsageError('usage', `--service is yes or no, not "${text}".`, { hint: 'rolecall setup --help' });
}

/** Not asked where there is one already, or no manager to have one by. */
async function askService(interview: Interview, context: CliContext): Promise<boolean> {
  if (!interview.isOpen) return false;
  const { manager, installed } = await (await context.loadService()).status();
  if (manager === null || installed) return false;
  interview.say(
    '\nThe background service can start with your desktop. Otherwise the first command that needs it starts it.\n',
  );
  return interview.confirm('Start it with your desktop?', true);
}

function showPlan({ config, settings }: SetupDocument, context: CliContext): void {
  const paint = createPainter(context.stdout, context.environment);
  if (config.diff === '' && settings.diff === '') {
    context.stdout.write(`${harmless(shortenPath(config.path, context.homeDirectory))} has all of it already.\n`);
  }
  for (const { diff } of [config, settings]) {
    if (diff === '') continue;
    context.stdout.write(`\n${formatDiff(diff, paint)}`);
  }
  for (const key of settings.kept) {
    context.stderr.write(
      `${harmless(shortenPath(settings.path, context.homeDirectory))} sets ${harmless(key)} to something else; that stays.\n`,
    );
  }
}
