// `rolecall status`: who is signed in, for how long, and what is wrong.
import { NotFoundError } from '../../core/errors.ts';
import type { SessionStatusDocument, StatusDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';
import { count, createPainter, formatDuration, formatTable, harmless, shortenPath, type Style } from '../render.ts';
import { loadStatus } from '../sessions.ts';

export interface StatusOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

const EXIT_SIGN_IN_REQUIRED = 4;

export async function runStatus(options: StatusOptions, context: CliContext): Promise<number> {
  if (options.check === true) return check(await context.client.call('status', {}));
  const status = await loadStatus(context);
  if (options.json === true) context.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  else context.stdout.write(format(status, context));
  return 0;
}

/** Every session is live: 0. Says nothing, for it is asked by scripts. */
function check(status: StatusDocument): number {
  if (status.sessions.length === 0) {
    throw new NotFoundError('session-not-found', `There is no [sso-session …] in ${status.files.config} yet.`, {
      hint: 'rolecall login',
    });
  }
  return status.sessions.every(({ state }) => state === 'live') ? 0 : EXIT_SIGN_IN_REQUIRED;
}

function format(status: StatusDocument, context: CliContext): string {
  const paint = createPainter(context.stdout, context.environment);
  const nowMs = context.clock.nowMs();
  const rows = status.sessions.map((session) => describeSession(session, nowMs, paint));
  const stores = {
    keychain: 'tokens in the OS keychain',
    file: 'tokens in an encrypted file',
    memory: 'tokens in memory only, gone when the daemon stops',
  };
  const lines = [
    rows.length === 0
      ? `No sso-session in ${shortenPath(status.files.config, context.homeDirectory)} yet: rolecall login says what to add.\n`
      : formatTable(rows),
    ...describeEndpoints(status),
    `Current role: ${describeCurrent(status)}\n`,
    paint('dim', `Daemon ${status.version}, pid ${status.pid}; ${stores[status.store.driver]}.`) + '\n',
    ...describeTokenFiles(status),
  ];
  for (const problem of status.problems) {
    lines.push(
      `\n${paint('yellow', '!')} ${harmless(problem.message)}\n  Run: ${paint('bold', harmless(problem.hint))}\n`,
    );
  }
  return lines.join('');
}

function describeSession(
  session: SessionStatusDocument,
  nowMs: number,
  paint: (style: Style, text: string) => string,
): string[] {
  const states = {
    live: paint('green', 'signed in'),
    pending: paint('yellow', 'waiting for approval'),
    expired: paint('yellow', 'sign-in has ended'),
    'signed-out': paint('dim', 'signed out'),
  };
  const { catalog, listing } = session;
  const end = session.sessionExpiresAt;
  const timeLeft = end === undefined ? '' : `${formatDuration(Date.parse(end) - nowMs)} left`;
  const list =
    listing !== null
      ? `listing, ${listing.accountsListed} of ${listing.accountsTotal} accounts`
      : catalog === null
        ? ''
        : `${count(catalog.accounts, 'account')}, ${count(catalog.permissionSets, 'permission set')}, listed ${formatDuration(nowMs - Date.parse(catalog.asOf))} ago${catalog.complete ? '' : ', incomplete'}`;
  const next =
    session.state === 'live' || session.state === 'pending' ? list : `rolecall login ${harmless(session.session)}`;
  return [harmless(session.session), states[session.state], ...(timeLeft === '' ? [] : [timeLeft]), next];
}

function describeEndpoints({ endpoints }: StatusDocument): string[] {
  const named = [
    ['SSO OIDC', endpoints.ssoOidc],
    ['SSO portal', endpoints.sso],
    ['STS', endpoints.sts],
  ] as const;
  return named.flatMap(([service, endpoint]) =>
    endpoint === undefined
      ? []
      : [`${service} endpoint: ${harmless(endpoint.url)} (from the ${endpoint.source}, not AWS's own)\n`],
  );
}

function describeCurrent({ current }: StatusDocument): string {
  if (current === null) return 'none';
  const profile = current.profile === null ? '' : ` (profile ${harmless(current.profile)})`;
  return `${harmless(current.permissionSet)} in ${current.accountId}, ${harmless(current.session)}${profile}`;
}

/** The one place where a token is in clear, named with the profiles that cause it. */
function describeTokenFiles(status: StatusDocument): string[] {
  return status.sessions.flatMap(({ session, tokenFileProfiles }) =>
    tokenFileProfiles.length === 0
      ? []
      : [
          `The access token of ${harmless(session)} is also in the AWS CLI's own token file, for the hand-written ` +
            `${tokenFileProfiles.length === 1 ? 'profile' : 'profiles'} ${tokenFileProfiles.map(harmless).join(', ')}.\n`,
        ],
  );
}
