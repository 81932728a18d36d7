// The questions of `rolecall setup`; each is answered by its flag, by the user, or by its default.
import { parseRegion, parseStartUrl } from '../../../core/aws/start-url.ts';
import { UsageError } from '../../../core/errors.ts';
import { DEFAULT_NAME_TEMPLATE } from '../../../core/name-template.ts';
import type { SetupDocument, SetupRequestDocument, StatusDocument } from '../../../local-api/schemas.ts';
import type { DaemonAccess, Output, ServiceAccess } from '../../context.ts';
import { askChoice, type Interview } from '../../terminal/interview.ts';
import { harmless } from '../../terminal/render.ts';
import { chooseFound, type FoundSession } from './found.ts';

const FOREIGN_HOST = 'This host is not AWS’s. AWS’s own programs accept it only if it redirects to a host of AWS.';

const describeDeadEnd = (reason: string) =>
  `This host is not AWS’s. rolecall and the AWS CLI follow it to AWS at each sign-in, and now it leads nowhere: ${harmless(reason)}`;

export const STORES = ['keychain', 'file', 'memory'] as const;
export type Store = (typeof STORES)[number];

type NewSession = NonNullable<SetupRequestDocument['session']>;

/** Introduces the setup; whether to go on, which is asked if there is an sso-session already. */
export async function wantsAnother(
  status: StatusDocument,
  found: readonly FoundSession[],
  interview: Interview,
): Promise<boolean> {
  interview.say(
    found.length > 0
      ? 'You see every change before it is written. Ctrl-C stops.\n\n'
      : 'To sign in to IAM Identity Center you need two things from your administrator:\n' +
          'the start URL and the region. You see every change before it is written.\nCtrl-C stops.\n\n',
  );
  if (status.sessions.length === 0) return true;
  const rows = status.sessions.map(({ session, startUrl }) => `  ${harmless(session)}  ${harmless(startUrl)}\n`);
  interview.say(`There is an sso-session already:\n${rows.join('')}To sign in to it: rolecall login\n\n`);
  const more = found.length === 0 ? '' : ` (${found.length} found in files of other tools)`;
  return interview.confirm(`Add another one?${more}`, false);
}

/** One session or several, from those found on this machine or a start URL that the user types. */
export async function askSessions(
  options: { readonly startUrl?: string; readonly ssoRegion?: string; readonly name?: string },
  found: readonly FoundSession[],
  status: StatusDocument,
  interview: Interview,
  context: DaemonAccess,
): Promise<readonly [NewSession, ...NewSession[]]> {
  const chosen = found.length === 0 ? options.startUrl : await chooseFound(found, interview);
  if (typeof chosen !== 'object') {
    const { startUrl, ...known } = await askStartUrl(chosen, interview, context);
    const region = await askRegion(options.ssoRegion, known, interview);
    return [{ name: await askName(options.name, nameFrom(startUrl), startUrl, status, interview), startUrl, region }];
  }
  const sessions: NewSession[] = [];
  for (const { name, startUrl, isAws, region } of chosen) {
    if (!isAws) interview.warn(`${startUrl}: ${FOREIGN_HOST}`);
    const isOnly = chosen.length === 1;
    if (!isOnly && region === null) interview.say(`\n  ${harmless(startUrl)}\n`);
    sessions.push({
      startUrl,
      region: region ?? (await askRegion(undefined, { region: null, regionIs: null }, interview)),
      name: isOnly ? await askName(options.name, name, startUrl, status, interview) : name,
    });
  }
  return sessions as [NewSession, ...NewSession[]];
}

/** The start URL, and the region if the URL or its page names it. */
async function askStartUrl(given: string | undefined, interview: Interview, context: DaemonAccess) {
  const startUrl = await interview.ask({
    flag: '--start-url',
    given,
    question: 'Start URL, like https://d-1234567890.awsapps.com/start',
    check: (text) => parseStartUrl(text).startUrl,
  });
  const found = await context.client.call('startUrl', { query: { text: startUrl } }, { signal: context.signal });
  interview.say(`  ${harmless(found.startUrl)}\n`);
  if (found.leadsTo !== undefined) interview.say(`  leads to ${harmless(found.leadsTo)}\n`);
  else if (found.leadsNowhere !== undefined) interview.warn(describeDeadEnd(found.leadsNowhere));
  else if (!found.isAws) interview.warn(FOREIGN_HOST);
  return found;
}

function askRegion(
  given: string | undefined,
  { region, regionIs }: { readonly region: string | null; readonly regionIs: string | null },
  interview: Interview,
): Promise<string> {
  const source = regionIs === 'in-the-url' ? 'from the start URL' : 'from the start page';
  return interview.ask({
    flag: '--sso-region',
    given,
    question: region === null ? 'Region of Identity Center, like us-east-1' : `Region of Identity Center, ${source}`,
    ...(region === null ? {} : { defaultAnswer: region }),
    check: parseRegion,
  });
}

function askName(
  given: string | undefined,
  wanted: string,
  startUrl: string,
  status: StatusDocument,
  interview: Interview,
): Promise<string> {
  const taken = new Map(status.sessions.map((session) => [session.session, session.startUrl]));
  return interview.ask({
    flag: '--name',
    given,
    question: 'A name for this sso-session, for commands and files',
    defaultAnswer: freeName(wanted, startUrl, taken),
    check(text) {
      const name = text.trim();
      if (!/^[A-Za-z0-9_.@/-]{1,64}$/.test(name)) {
        throw new UsageError('usage', 'Use only letters, digits and . _ - @ / in a name, and no spaces.');
      }
      const other = taken.get(name);
      if (other !== undefined && other !== startUrl) {
        throw new UsageError('usage', `"${name}" is taken: it is the sso-session of ${other}.`);
      }
      return name;
    },
  });
}

/** The portal's alias, if it has one; AWS's own `d-1234567890` means nothing to a reader. */
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

/** The template of profile names; `preview` gives examples of it. Undefined without a terminal and a flag. */
export async function askTemplate(
  given: string | undefined,
  interview: Interview,
  preview: (nameTemplate: string) => Promise<SetupDocument['preview']>,
): Promise<string | undefined> {
  if (given === undefined && !interview.isOpen) return undefined;
  interview.say(
    '\nEach account and permission set becomes a profile. Its name can contain\n{account_name}, {account_id}, {permission_set} and {session}.\n',
  );
  for (;;) {
    const template = await interview.ask({
      flag: '--profile-name-template',
      given,
      question: 'Profile names',
      defaultAnswer: DEFAULT_NAME_TEMPLATE,
      async check(text) {
        const names = (await preview(text.trim())).map(({ profileName }) => profileName);
        interview.say(`  for example: ${names.map(harmless).join(', ')}\n`);
        return text.trim();
      },
    });
    // The default needs no second question.
    if (given !== undefined || template === DEFAULT_NAME_TEMPLATE || (await interview.confirm('Like these?', true))) {
      return template;
    }
  }
}

export async function askStore(
  status: StatusDocument,
  interview: Interview,
  { environment }: Pick<Output, 'environment'>,
): Promise<Store | undefined> {
  if (!interview.isOpen) return undefined;
  if ((environment['ROLECALL_SECRET_STORE'] ?? '') !== '') return undefined;
  const hasNone = status.store.driver === 'memory';
  interview.say(
    '\nA sign-in and its token last for hours. Where do you want to keep the token?\n' +
      `  1  in the keychain of this machine${hasNone ? ';\n     none is running now, so in memory until there is one' : ', which is locked with your session'}\n` +
      '  2  in an encrypted file, with a passphrase that you choose now\n' +
      '  3  in memory only; you sign in again whenever the daemon was stopped\n',
  );
  return askChoice(interview, '--secret-store', STORES);
}

/** Not asked if a service is installed, or if no service manager runs. */
export async function askService(interview: Interview, context: ServiceAccess): Promise<boolean> {
  if (!interview.isOpen) return false;
  const { manager, installed } = await (await context.loadService()).status();
  if (manager === null || installed) return false;
  interview.say(
    '\nThe background service can start with your desktop. Otherwise the first command\nthat needs it starts it.\n',
  );
  return interview.confirm('Start it with your desktop?', true);
}
