// Every code that `rolecall doctor` can say, with its cause: the table of docs/troubleshooting.md, which a test compares.

export interface CodeRow {
  /** Notes leave the exit code 0: worth knowing, nothing is broken. */
  readonly severity: 'problem' | 'note';
  /** One sentence for the documents. */
  readonly cause: string;
  /** Whether `doctor --fix CODE` mends it by itself. */
  readonly fixable: boolean;
}

const problem = (cause: string) => ({ severity: 'problem', cause, fixable: false }) as const;
const fixable = (cause: string) => ({ severity: 'problem', cause, fixable: true }) as const;
const note = (cause: string) => ({ severity: 'note', cause, fixable: false }) as const;

export const DOCTOR_CODES = {
  'config-malformed': problem(
    'A line of `~/.aws/config` or `~/.aws/credentials` stops AWS clients from reading the file, or one sso-session of it.',
  ),
  'config-unreadable': problem('One of the two AWS files is there and cannot be read.'),
  'config-block-broken': problem('A marker line of the block that rolecall writes was changed, removed or repeated.'),
  'config-key-not-ours': problem(
    'Somebody added a key to a profile that rolecall writes; it writes none until the key is in `extra` of a `[[role]]`, or gone.',
  ),
  'config-section-not-ours': problem(
    'Somebody put a section of their own into the block that rolecall writes, so it writes no profiles.',
  ),
  'profile-duplicate': problem(
    'Two sections name the same profile in different spellings; AWS clients disagree on which one counts.',
  ),
  'profile-shadowed': problem(
    '`~/.aws/credentials` has the name of a profile of `~/.aws/config`, and AWS clients prefer what it has there. A sync renames rolecall’s profiles.',
  ),
  'profile-session-missing': problem('A profile names an sso-session that the file does not have.'),
  'profile-program-missing': problem('The `credential_process` of a profile names a program that is not there.'),
  'credential-process-copy-stale': fixable(
    'The program that rolecall’s profiles name is missing, or points to a Node or a rolecall that is gone.',
  ),
  'long-lived-key': problem(
    'A file holds an access key of an IAM user, which never ends and goes past Identity Center.',
  ),
  'environment-keys': problem('This shell has keys in its environment, which win over every profile.'),
  'environment-identity': problem(
    'This shell has another source of credentials in its environment: a web identity, a container, a bearer token.',
  ),
  'environment-profile-unknown': problem('`AWS_PROFILE` names a profile that is in neither AWS file.'),
  'environment-default-profile': problem(
    '`AWS_PROFILE` and `AWS_DEFAULT_PROFILE` differ, and clients disagree on which one counts.',
  ),
  'environment-file-missing': problem(
    '`AWS_CONFIG_FILE` or `AWS_SHARED_CREDENTIALS_FILE` names a file that is not there.',
  ),
  'environment-endpoint': note(
    '`AWS_ENDPOINT_URL` sends the AWS clients of this shell elsewhere; rolecall does not read it.',
  ),
  'environment-differs': problem(
    'The daemon was started with other endpoints or another config file than this shell has.',
  ),
  'environment-dropped': note(
    'The daemon ignores a variable of its environment that would change how Node runs, or where AWS is.',
  ),
  'directory-open': fixable('Others may enter the directory of the socket or of the state.'),
  'file-readable-by-others': fixable('Others may read a file that holds keys, tokens or passwords.'),
  'file-writable-by-others': fixable(
    'Others may write a file or folder that decides which program runs for your credentials.',
  ),
  'file-not-ours': problem('A file or directory belongs to another user.'),
  'settings-invalid': problem('`config.toml` cannot be used; a daemon does not start with it.'),
  'settings-without-effect': note(
    '`config.toml` sets something without effect: this version does not act on it, or a `[[role]]` matches none of your roles.',
  ),
  'socket-stale': fixable('A socket file is left behind and nobody listens at it.'),
  'daemon-not-answering': problem('Something listens at the socket and gives no usable answer.'),
  'daemon-version-mismatch': problem('The daemon is another version than this command.'),
  'web-port-not-usable': problem('The port for the page is taken.'),
  'container-port-taken': problem('The port that running `exec` commands know is taken by another program.'),
  'container-port-lost': problem(
    'The port that running `exec` commands know was free while no daemon ran, so their grants have ended.',
  ),
  'token-file-not-ours': note(
    'The AWS CLI’s own login of this session is in force, or can be refreshed by it, so rolecall leaves its token file alone.',
  ),
  'keys-refused': note(
    'A program asked rolecall for keys and got none. Its SDK may not have shown why; keys that are given to the same profile end this note.',
  ),
  'secret-store-unavailable': problem('There is no keychain, or it fails; tokens are in memory at the most.'),
  'secret-store-locked': problem('The keychain, or the encrypted file, is locked.'),
  'secret-store-memory': note('The settings ask for no keychain: tokens are gone when the daemon stops.'),
  'identity-center-unreachable': problem('A call to Identity Center failed and has not succeeded since.'),
  'identity-center-throttled': problem('Identity Center asked rolecall to slow down.'),
  'clock-skew': problem(
    'The clock of this machine is more than two minutes off, and AWS refuses signed requests at five.',
  ),
  'endpoint-unresolvable': problem('The name of an endpoint is not known: no network, or a misspelled `sso_region`.'),
  'endpoint-unreachable': problem('An endpoint does not answer.'),
  'endpoint-untrusted': problem(
    'The certificate of an endpoint is signed by nobody that rolecall trusts: a proxy inspects TLS.',
  ),
  'proxy-failed': problem('The proxy cannot be reached, or refuses.'),
  'node-ends-soon': note('This Node is older than 22, which AWS’s SDK needs from January 2027 on.'),
  'node-too-old': problem('It is 2027 and this Node is older than 22: no fix of the AWS SDK reaches it.'),
  'aws-cli-1': note(
    'The `aws` on your PATH is version 1, which knows no sso-session; rolecall’s own profiles work with it.',
  ),
  'curl-missing': note('Without curl each `credential_process` starts a Node, which takes ten times as long.'),
  'curl-too-old': note(
    'This curl cannot speak to a unix socket (it is older than 7.40), so each `credential_process` starts a Node.',
  ),
  'service-broken': problem(
    'The unit that starts the daemon names what is gone or older, was written by an older rolecall, has failed, or was not read again.',
  ),
  'service-stopped': note('The service is installed and stopped; the next command starts it.'),
  'service-without-manager': note('A service is installed, and no systemd of yours runs here that could start it.'),
  'other-tool': note(
    'Another tool hands out keys in the same file, or writes profiles there; `rolecall profiles adopt` leads its profiles to rolecall.',
  ),
  'daemon-problem': problem('The daemon names something else; its own words say what.'),
} as const satisfies Readonly<Record<string, CodeRow>>;

export type DoctorCode = keyof typeof DOCTOR_CODES;

export function isDoctorCode(code: string): code is DoctorCode {
  return Object.hasOwn(DOCTOR_CODES, code);
}

/** One thing that is not as it should be. */
export interface Finding {
  readonly code: DoctorCode;
  /** A sentence or two, with names in it as they are in the files. */
  readonly message: string;
  /** To type, in this order. */
  readonly commands: readonly string[];
  /** Mends it; resolves what was done, as a sentence. Only for fixable codes. */
  readonly fix?: () => Promise<string>;
}

/** What was looked at in one go. */
export interface CheckGroup {
  readonly name: string;
  readonly title: string;
  /** What was seen, in a few words; why not, when it was skipped. */
  readonly summary: string;
  readonly skipped?: boolean;
  readonly findings: readonly Finding[];
}
