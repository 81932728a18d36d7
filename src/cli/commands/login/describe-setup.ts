// Prints what a sign-in brought: accounts, new and removed roles, profiles, and where the access token is stored in plain text.
import type { SignInSetupDocument } from '../../../local-api/schemas.ts';
import { describeNamesTaken } from '../../profiles/credentials-file.ts';
import { fetchStatus } from '../../sessions.ts';
import { count, createPainter, formatTable, harmless, reportNote, shortenPath } from '../../terminal/render.ts';
import { describeSync } from '../profiles/describe-plan.ts';
import type { LoginContext } from './options.ts';

/** A first sign-in can bring hundreds of roles; `ls` shows all. */
const MAX_CHANGES_SHOWN = 12;

export function describeSetup(setup: SignInSetupDocument, context: LoginContext): string {
  const paint = createPainter(context.stdout, context.environment);
  const { profiles } = setup;
  const lines = [
    `${count(setup.accountsTotal, 'account')}, ${count(setup.permissionSets ?? 0, 'permission set')}` +
      `${setup.complete === false ? ' (incomplete: rolecall ls --refresh)' : ''}.\n`,
    ...describeNews(setup, paint),
  ];
  if (profiles !== undefined) {
    lines.push(`${describeSync(profiles, shortenPath(profiles.configFile, context.homeDirectory))}\n`);
    lines.push(describeNamesTaken(profiles.inCredentialsFile, context) ?? '');
    const [example] = [...profiles.added];
    if (example !== undefined) {
      lines.push(`Try: ${paint('bold', `aws sts get-caller-identity --profile ${harmless(example)}`)}\n`);
    }
  }
  return lines.join('');
}

/** "+ Account  111111111111  Role" for each new role, "-" for each removed one. */
function describeNews(
  { added = [], removed = [] }: SignInSetupDocument,
  paint: ReturnType<typeof createPainter>,
): string[] {
  const news = [...added.map((role) => ['+', role] as const), ...removed.map((role) => ['-', role] as const)];
  const table = formatTable(
    news
      .slice(0, MAX_CHANGES_SHOWN)
      .map(([sign, role]) => [
        `  ${sign}`,
        harmless(role.accountName ?? '-'),
        role.accountId,
        harmless(role.permissionSet),
      ]),
  );
  const lines = table
    .split(/(?<=\n)/)
    .map((line, index) => (line === '' ? '' : paint(news[index]?.[0] === '-' ? 'red' : 'green', line)));
  return news.length > MAX_CHANGES_SHOWN
    ? [...lines, `  … and ${news.length - MAX_CHANGES_SHOWN} more: rolecall ls\n`]
    : lines;
}

/** Names the profiles for which the access token is also in a plain file, and what could not be stored. */
export async function reportTokenFile(session: string, context: LoginContext): Promise<void> {
  const status = await fetchStatus(context);
  const profiles = status.sessions.find((candidate) => candidate.session === session)?.tokenFileProfiles ?? [];
  if (profiles.length > 0) {
    context.stderr.write(
      `For the hand-written ${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.map(harmless).join(', ')} ` +
        "the access token is also stored in the AWS CLI's own token file.\n",
    );
  }
  const foreign = status.problems.find(
    (problem) => problem.code === 'token-file-not-ours' && problem.session === session,
  );
  if (foreign !== undefined) context.stderr.write(`${harmless(foreign.message)}\n`);
  // For a store that keeps nothing, this was said before the sign-in.
  const unsaved = status.problems.find(({ code }) => status.store.durable && code.startsWith('secret-store-'));
  if (unsaved !== undefined) reportNote(unsaved.message, context);
}
