// Sample documents of the daemon: a normal morning, and hostile names.
import type {
  ChainDocument,
  ApprovalDocument,
  ProgramDocument,
  RoleDocument,
  SessionStatusDocument,
  StatusDocument,
} from '../../src/local-api/schemas.ts';

export const NOW_MS = Date.parse('2026-11-24T08:00:00Z');

export function aSession(over: Partial<SessionStatusDocument> = {}): SessionStatusDocument {
  return {
    session: 'my-sso-session',
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    state: 'live',
    sessionExpiresAt: '2026-11-24T13:12:00Z',
    catalog: null,
    listing: null,
    tokenFileProfiles: [],
    ...over,
  };
}

export function aRole(over: Partial<RoleDocument> = {}): RoleDocument {
  const accountName = over.accountName === undefined ? 'taylor' : over.accountName;
  const permissionSet = over.permissionSet ?? 'Admin';
  return {
    session: 'my-sso-session',
    label: 'my-sso-session',
    accountId: '111111111111',
    accountName,
    permissionSet,
    profile: `${accountName}.${permissionSet}`,
    protected: false,
    pinned: false,
    score: 0,
    ...over,
  };
}

/** The parts of a chain to `deploy`, from the role of `aRole`. */
export const CHAIN: ChainDocument = {
  name: 'prod.deploy',
  roleArn: 'arn:aws:iam::222222222222:role/ci/deploy',
  roleName: 'deploy',
  sourceProfile: 'taylor.Admin',
  sourceAccountId: '111111111111',
  sourcePermissionSet: 'Admin',
  lifetimeSeconds: 3600,
  cappedFrom: null,
  policy: false,
};

/** A chained role with a profile of its own; `chain` has what is not as in `CHAIN`. */
export function aChain(
  over: Partial<RoleDocument> = {},
  of: Partial<ChainDocument> = {},
): RoleDocument & { chain: ChainDocument } {
  const chain = { ...CHAIN, ...of };
  const { name } = chain;
  const given = { accountId: '222222222222', accountName: 'prod', permissionSet: `chain:${name}`, profile: name };
  return { ...aRole({ ...given, ...over }), chain };
}

export const CURRENT = {
  session: 'my-sso-session',
  accountId: '111111111111',
  permissionSet: 'Admin',
  profile: 'taylor.Admin',
  accountName: 'taylor',
  protected: false,
} as const;

export function aStatus(over: Partial<StatusDocument> = {}): StatusDocument {
  return {
    version: '0.1.0',
    pid: 1,
    startedAt: '2026-11-24T07:00:00Z',
    store: { driver: 'keychain', durable: true },
    endpoints: {},
    files: { settings: '/s', config: '/c', log: '/l', socket: '/d' },
    sessions: [aSession()],
    current: CURRENT,
    problems: [],
    ...over,
  };
}

export function aProgram(over: Partial<ProgramDocument> = {}): ProgramDocument {
  return {
    processId: 4242,
    executable: '/usr/bin/python3.13',
    script: '/home/taylor/payments/deploy.py',
    workingDirectory: '/home/taylor/payments',
    terminal: '/dev/pts/3',
    sessionId: 4000,
    parents: [
      { processId: 4000, executable: '/usr/bin/bash' },
      { processId: 1, executable: '/usr/lib/systemd/systemd' },
    ],
    agent: null,
    isVerified: true,
    ...over,
  };
}

/** A role that a profile asked for half a minute ago, to be approved with a passkey. */
export function anApproval(over: Partial<ApprovalDocument> = {}): ApprovalDocument {
  return {
    id: '00000000000000a1',
    state: 'pending',
    subject: 'role',
    session: 'my-sso-session',
    accountId: '333333333333',
    accountName: 'billing',
    permissionSet: 'Admin',
    label: null,
    approve: 'passkey',
    surface: 'socket',
    program: aProgram(),
    callers: 1,
    askedAt: '2026-11-24T07:59:30Z',
    expiresAt: '2026-11-24T08:01:30Z',
    rememberMinutes: 15,
    for: 'role',
    places: ['page'],
    problem: null,
    ...over,
  };
}

/** What an administrator, or somebody who is one for a day, can call an account. */
export const HOSTILE_NAMES = [
  '$(touch x)`touch x`',
  '%F{red}%(?.a.b) #[fg=red]#(touch x)',
  '--- | bash=/bin/sh param1=-c param2="touch x" refresh=true',
  '-- | shell="touch x"',
  "a' bash='touch x' | bash='touch x'",
  '<b>x</b> <span foreground="red">& &amp;</span>',
  ':warning: :beer: **bold** [a](http://x) `code`',
  'one\ntwo | href=http://x\r\u2028three\u0085four',
  '\u001b[31mred\u001b]8;;http://x\u0007 \\e[31m \\u001b[31m \\n',
  '\u202etxet desrever\u2066',
  '_File __Edit & (_x) Álvaro 日本 🚀',
] as const;
