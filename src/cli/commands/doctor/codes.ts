// All codes of `rolecall doctor` with their causes; a test compares them with the table in docs/troubleshooting.md.
import type { FlowDecision, FlowSetting } from '../../../core/aws/sign-in-flow.ts';

export interface CodeRow {
  /** A note is worth knowing but breaks nothing, so it does not change the exit code. */
  readonly severity: 'problem' | 'note';
  /** One sentence for the docs. */
  readonly cause: string;
  /** Whether `doctor --fix CODE` can fix it. */
  readonly fixable: boolean;
}

const problem = (cause: string) => ({ severity: 'problem', cause, fixable: false }) as const;
const fixable = (cause: string) => ({ severity: 'problem', cause, fixable: true }) as const;
const note = (cause: string) => ({ severity: 'note', cause, fixable: false }) as const;

export const DOCTOR_CODES = {
  'config-malformed': problem(
    'AWS clients cannot read `~/.aws/config` or `~/.aws/credentials`, or one sso-session in it, because of one line.',
  ),
  'config-unreadable': problem('`~/.aws/config` or `~/.aws/credentials` exists but cannot be read.'),
  'config-block-broken': problem('A marker line of rolecall’s block was changed, removed or repeated.'),
  'config-key-not-ours': problem(
    'A key was added to a profile in rolecall’s block. No profiles are written until it is deleted or set with `extra` of a `[[role]]`.',
  ),
  'config-section-not-ours': problem(
    'A section that is not rolecall’s is in rolecall’s block, so no profiles are written.',
  ),
  'profile-duplicate': problem(
    'Two sections name the same profile in different spellings, and AWS clients disagree on which one to use.',
  ),
  'profile-shadowed': problem(
    'A profile of `~/.aws/config` has the same name as a section of `~/.aws/credentials`, which AWS clients prefer. A sync renames rolecall’s profiles.',
  ),
  'profile-session-missing': problem('A profile names an sso-session that is not in the file.'),
  'profile-program-missing': problem('The `credential_process` of a profile names a program that does not exist.'),
  'profile-login-invalid': problem(
    'The `login_session` of a profile, which `aws login` writes, is not the ARN of a principal, so AWS clients refuse the profile.',
  ),
  'profile-login-ambiguous': problem(
    'A profile has a `login_session` of `aws login` and other keys for credentials, and AWS clients disagree on which one to use.',
  ),
  'chain-unavailable': problem(
    'A profile with `role_arn` cannot be used: its source profiles form a loop, one is missing, it asks for a code with `mfa_serial`, or AWS clients read one of them from `~/.aws/credentials`.',
  ),
  'chain-capped': note(
    'A profile with `role_arn` asks for more than the hour that AWS allows for a role behind another one. rolecall asks for an hour; the AWS CLI and boto3 fail.',
  ),
  'credential-process-copy-stale': fixable(
    'The helper that rolecall’s profiles name is missing, or its Node or rolecall no longer exists.',
  ),
  'long-lived-key': problem(
    'A file contains an access key of an IAM user, which never expires and bypasses Identity Center.',
  ),
  'environment-keys': problem('This shell has keys in its environment, which override every profile.'),
  'environment-identity': problem(
    'This shell has another source of credentials in its environment: a web identity, a container, a bearer token.',
  ),
  'environment-profile-unknown': problem('`AWS_PROFILE` names a profile that is in neither AWS file.'),
  'environment-default-profile': problem(
    '`AWS_PROFILE` and `AWS_DEFAULT_PROFILE` differ, and AWS clients disagree on which one to use.',
  ),
  'environment-file-missing': problem(
    '`AWS_CONFIG_FILE` or `AWS_SHARED_CREDENTIALS_FILE` names a file that does not exist.',
  ),
  'environment-endpoint': note(
    '`AWS_ENDPOINT_URL` sends the AWS clients of this shell to another address; rolecall does not read it.',
  ),
  'environment-differs': problem(
    'The daemon was started with other endpoints or another config file than this shell uses.',
  ),
  'environment-dropped': note(
    'The daemon ignores a variable of its environment that would change how Node runs, or where AWS is.',
  ),
  'directory-open': fixable('Other users can enter the directory of the socket or of the state.'),
  'file-readable-by-others': fixable('Other users can read a file that contains keys, tokens or passwords.'),
  'file-writable-by-others': fixable(
    'Other users can change a file or folder that decides which program runs for your credentials.',
  ),
  'file-not-ours': problem('A file or directory belongs to another user.'),
  'settings-invalid': problem('`config.toml` is not valid, and the daemon does not start with it.'),
  'settings-without-effect': note(
    'A rule of `config.toml` matches none of your roles, a setting does not exist any more, or FIPS or dual-stack is set where a custom endpoint is used.',
  ),
  'settings-session-missing': note(
    '`config.toml` has settings for a session that `~/.aws/config` does not have: usually a typing mistake.',
  ),
  'settings-too-new': note(
    '`config.toml` or the team file is for a newer rolecall. This one ignores the keys that it does not know.',
  ),
  'template-invalid': problem(
    'A name template of `config.toml` has an unknown or unfinished placeholder, so no profiles are written, or it names all profiles alike.',
  ),
  'sign-in-without-browser': note(
    'The settings say `flow = "pkce"`, but the browser is not on this machine, so the sign-in cannot come back to it.',
  ),
  'socket-stale': fixable('A socket file is left behind, and no daemon listens on it.'),
  'daemon-not-answering': problem(
    'The daemon hangs, is suspended or runs without a socket, or another program listens on the socket.',
  ),
  'daemon-version-mismatch': problem('The daemon and this command have different versions.'),
  'passkeys-changed': problem(
    'Another program has changed the stored passkeys, for example to approve in your place. The daemon has put back those that it had read.',
  ),
  'web-port-not-usable': problem('The port for the page is in use.'),
  'container-port-taken': problem('Another program uses the port of running `exec` commands.'),
  'container-port-lost': problem(
    'The port of running `exec` commands was free while no daemon was running, so their grants have ended.',
  ),
  'approval-bypassed': problem(
    'A session has protected roles and native profiles. Every program can read the access token in the token file of these profiles, and ask AWS for the roles without an approval.',
  ),
  'screen-not-watched': problem(
    '`lock_with_screen` has no effect: logind does not answer, or knows no graphical session of yours.',
  ),
  'token-file-not-ours': note(
    'The AWS CLI’s own login to this session is valid, or the AWS CLI can refresh it, so rolecall does not replace its token file.',
  ),
  'keys-refused': note(
    'A program asked rolecall for credentials and got none; its SDK may not have shown why. The note ends when the same profile gets credentials again.',
  ),
  'state-file-damaged': problem(
    'A state file was damaged. A copy is kept beside the new file; the message says what was lost.',
  ),
  'secret-store-unavailable': problem('There is no keychain, or it fails. Tokens are kept in memory, or not at all.'),
  'secret-store-locked': problem('The keychain, or the encrypted file, is locked.'),
  'secret-store-memory': note('The settings turn the keychain off: tokens are lost when the daemon stops.'),
  'identity-center-unreachable': problem('A call to Identity Center failed and has not succeeded since.'),
  'identity-center-throttled': problem('Identity Center asked rolecall to slow down.'),
  'clock-skew': problem(
    'The clock of this machine is wrong by more than two minutes; from five minutes on, AWS refuses signed requests. rolecall itself uses AWS’s clock.',
  ),
  'endpoint-unresolvable': problem(
    'The name of an endpoint cannot be resolved: no network, or a misspelled `sso_region`.',
  ),
  'endpoint-unreachable': problem('An endpoint does not answer.'),
  'endpoint-untrusted': problem('The signer of an endpoint’s certificate is not trusted: a proxy inspects TLS.'),
  'proxy-failed': problem('The proxy cannot be reached, or refuses the connection.'),
  'node-ends-soon': note('This Node is older than 22, which the AWS SDK requires from January 2027 on.'),
  'node-too-old': problem('It is 2027 or later and this Node is older than 22, so it gets no fixes of the AWS SDK.'),
  'aws-cli-1': note(
    'The `aws` on your PATH is version 1, which does not support sso-sessions. rolecall’s own profiles work with it.',
  ),
  'curl-missing': note('Without curl, each `credential_process` starts Node, which takes ten times as long.'),
  'curl-too-old': note(
    'This curl is older than 7.40 and does not support unix sockets, so each `credential_process` starts Node.',
  ),
  'service-broken': problem(
    'The service’s unit names files that no longer exist or belong to an older rolecall, has failed, or was not reloaded.',
  ),
  'service-stopped': note('The service is installed but stopped; the next command starts it.'),
  'service-without-manager': note('A service is installed, but your user has no running systemd that could start it.'),
  'other-tool': note(
    'Another tool serves credentials for profiles in the same file, or writes profiles there; `rolecall profiles adopt` converts them.',
  ),
  'daemon-problem': problem('The daemon reports another problem, or cannot start; the message says why.'),
} as const satisfies Readonly<Record<string, CodeRow>>;

export type DoctorCode = keyof typeof DOCTOR_CODES;

export function isDoctorCode(code: string): code is DoctorCode {
  return Object.hasOwn(DOCTOR_CODES, code);
}

/** One thing that is wrong, or worth knowing. */
export interface Finding {
  readonly code: DoctorCode;
  /** One or two sentences. Names are as they are in the files: pass it through `harmless` before printing. */
  readonly message: string;
  /** The commands that fix it, in order. */
  readonly commands: readonly string[];
  /** Fixes it and resolves a sentence that says what was done. Only for fixable codes. */
  readonly fix?: () => Promise<string>;
  /** The fix ends a sign-in that is in memory only, so it is made only for this code. */
  readonly endsSignIn?: boolean;
}

/** How a sign-in to one sso-session from this shell works, and why. */
export interface SessionFlow extends FlowDecision {
  readonly session: string;
  readonly setting: FlowSetting;
}

/** The result of one check. */
export interface CheckGroup {
  readonly name: string;
  readonly title: string;
  /** What the check saw, in a few words, or why it was skipped. */
  readonly summary: string;
  readonly skipped?: boolean;
  /** More lines for people, with or without findings. Names are as they are in the files. */
  readonly details?: readonly string[];
  readonly flows?: readonly SessionFlow[];
  readonly findings: readonly Finding[];
}
