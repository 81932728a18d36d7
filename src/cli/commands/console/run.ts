// `rolecall console`: the AWS console as one role, in the browser of its sso-session.
import { pathToFileURL } from 'node:url';
import { BrowserFailure, nestsUrl } from '../../../core/text/browser-command.ts';
import { CONSOLE_SERVICE } from '../../../core/aws/console-service.ts';
import { NotFoundError, UsageError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import type { ConsoleDocument } from '../../../local-api/schemas.ts';
import { describeBrowserFailure } from '../../browser-failure.ts';
import { deletePrivatePage, PAGE_LIFETIME_SECONDS, writePrivatePage } from './private-page.ts';
import type { CliContext } from '../../context.ts';
import { chooseRegion, resolveProfile } from '../../profiles/granted-role.ts';
import { describeRole, protectedMark } from '../../picker/role-columns.ts';
import { createPainter, formatDuration, harmless } from '../../terminal/render.ts';

export interface ConsoleOptions {
  readonly service?: string;
  readonly region?: string;
  readonly federated?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
}

export async function runConsole(
  wanted: string | undefined,
  options: ConsoleOptions,
  context: CliContext,
): Promise<number> {
  const service = readService(options.service);
  const { region, role } = await chooseRole(wanted, options, context);
  const found = await context.client.call(
    'console',
    {
      body: {
        ...role,
        ...(service === undefined ? {} : { service }),
        ...(region === undefined ? {} : { region }),
        ...(options.federated === true ? { federated: true } : {}),
      },
    },
    { signal: context.signal },
  );
  warnOfProtection(found, context);
  if (options.json === true) context.stdout.write(formatJson(found));
  else if (options.print === true) print(found, context);
  else await open(found, printingCommand(wanted, options), context);
  return 0;
}

type RoleName = Pick<ConsoleDocument, 'session' | 'accountId' | 'permissionSet'>;

/** The role of the profile that is named, else of this shell, else the current one: never another one in its place. */
async function chooseRole(
  wanted: string | undefined,
  options: ConsoleOptions,
  context: CliContext,
): Promise<{ readonly role: RoleName; readonly region: string | undefined }> {
  const { environment } = context;
  // What `exec` runs has no AWS_PROFILE: there the profile has this name.
  const variable = ['AWS_PROFILE', 'ROLECALL_PROFILE'].find((name) => (environment[name] ?? '') !== '');
  const name = wanted ?? (variable === undefined ? 'current' : environment[variable]) ?? 'current';
  if (name === 'current') {
    const current = await context.client.call('current', {}, { signal: context.signal });
    if (current === null) throw noRole(wanted ?? variable);
    const { session, accountId, permissionSet } = current;
    return { role: { session, accountId, permissionSet }, region: options.region };
  }
  const profile = await resolveProfile(name, context).catch((error: unknown) => {
    if (wanted !== undefined || !(error instanceof NotFoundError) || error.code !== 'profile-not-found') throw error;
    throw new NotFoundError('profile-not-found', `${variable} of this shell: ${error.message}`, { cause: error });
  });
  const { session, accountId, permissionSet } = profile;
  // Without a wish the administrator's choice of a page stands.
  const isPageWished = [options.service, options.region].some((wish) => wish !== undefined) || options.federated;
  return {
    role: { session, accountId, permissionSet },
    region: isPageWished === true ? chooseRegion(options.region, profile) : undefined,
  };
}

function noRole(asked: string | undefined): NotFoundError {
  return new NotFoundError(
    'no-current-role',
    asked === undefined
      ? 'No profile was named, this shell has no AWS_PROFILE, and no role is the current one.'
      : 'No role is the current one.',
    { hint: 'rolecall profiles list' },
  );
}

function readService(given: string | undefined): string | undefined {
  const service = given?.toLowerCase();
  if (service === undefined || CONSOLE_SERVICE.test(service)) return service;
  throw new UsageError(
    'usage',
    `"${harmless(given ?? '')}" is no service as the address of its console has it, like ec2 or s3.`,
    {
      hint: 'rolecall console --help',
    },
  );
}

function describe(found: ConsoleDocument): string {
  return describeRole({ ...found, label: found.session, protected: false }, '', false);
}

function warnOfProtection(found: ConsoleDocument, context: CliContext): void {
  if (!found.protected) return;
  const { environment } = context;
  const paint = createPainter(context.stderr, environment);
  context.stderr.write(
    `${paint('red', `${protectedMark(environment)} ${describe(found)}`)} is a role that your settings protect.\n`,
  );
}

function print(found: ConsoleDocument, context: CliContext): void {
  context.stdout.write(`${found.url}\n`);
  if (!found.secret || context.stdout.isTTY !== true) return;
  context.stderr.write(
    `Whoever opens it within 15 minutes is signed in as ${describe(found)}, ${describeEnd(found, context)}.\n`,
  );
}

function describeEnd({ endsAt = '' }: ConsoleDocument, context: CliContext): string {
  return `for ${formatDuration(Date.parse(endsAt) - context.clock.nowMs())}`;
}

/** The command that prints what could not be opened. */
function printingCommand(wanted: string | undefined, options: ConsoleOptions): string {
  const words = [
    ...(wanted === undefined ? [] : [wanted]),
    ...(options.service === undefined ? [] : ['--service', options.service]),
    ...(options.region === undefined ? [] : ['--region', options.region]),
    ...(options.federated === true ? ['--federated'] : []),
    '--print',
  ];
  return ['rolecall', 'console', ...words.map(quoteForShell)].join(' ');
}

async function open(found: ConsoleDocument, printing: string, context: CliContext): Promise<void> {
  if (found.secret) {
    await openSecret(found, printing, context);
  } else if (await openIn(found.url, found, context)) {
    context.stderr.write(`The console of ${describe(found)} was opened in your browser.\n`);
  } else {
    context.stderr.write(`The console of ${describe(found)}, to open in a browser here or elsewhere:\n`);
    context.stdout.write(`${found.url}\n`);
  }
}

/** The browser's arguments, which other users see, name a file that only this one can read. */
async function openSecret(found: ConsoleDocument, printing: string, context: CliContext): Promise<void> {
  const { url } = found;
  const browser = await readBrowser(found, context);
  if (browser !== undefined && nestsUrl(browser)) {
    throw new UsageError(
      'usage',
      `The browser of ${found.session} opens pages by another URL, which takes no federated sign-in; the access portal's link does not need one.`,
      { hint: printing.replace(' --federated --print', '') },
    );
  }
  const path = await writePrivatePage(context.paths.pageDirectory, url, {
    nowMs: context.clock.nowMs(),
    userId: context.userId,
  });
  let isOpened = false;
  try {
    isOpened = await openIn(pathToFileURL(path).href, found, context);
  } finally {
    if (isOpened) await context.deletePageLater(path, PAGE_LIFETIME_SECONDS);
    else await deletePrivatePage(path);
  }
  if (!isOpened) {
    throw new UsageError('usage', 'There is no browser to open here, and the URL is a secret.', { hint: printing });
  }
  context.stderr.write(
    `The console of ${describe(found)} was opened in your browser, ${describeEnd(found, context)}.\n` +
      `Its page is gone in a minute. Where a browser may not read it (snap, flatpak): ${printing}\n`,
  );
}

async function openIn(target: string, found: ConsoleDocument, context: CliContext): Promise<boolean> {
  const browser = await readBrowser(found, context);
  return context.openBrowser(target, browser).catch((error: unknown) => {
    throw describeFailure(error, found, context);
  });
}

/** Not the one of the answer: a command runs no program that an answer names. */
function readBrowser(found: ConsoleDocument, context: CliContext): Promise<string | undefined> {
  return readBrowserSetting(context.paths.settingsFile, found.session, MAX_SETTINGS_BYTES).catch((error: unknown) => {
    throw describeFailure(error, found, context);
  });
}

function describeFailure(error: unknown, found: ConsoleDocument, context: CliContext): unknown {
  return error instanceof BrowserFailure ? describeBrowserFailure(error, found, context) : error;
}
