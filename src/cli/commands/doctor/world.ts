// Collects what the checks of `rolecall doctor` need: the AWS files, and the answers of a daemon that already runs.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  parseConfigDocument,
  withEncodingProblem,
  type ConfigDocument,
} from '../../../aws-config/document/document.ts';
import type { ErrorBody } from '../../../core/errors.ts';
import { describeUnreachable } from '../../../platform/service/unresponsive-daemon.ts';
import type { ReachDocument, StatusDocument } from '../../../local-api/schemas.ts';
import { awsFilePath, MAX_AWS_FILE_BYTES } from '../../../platform/files/aws-file-path.ts';
import { readBoundedBytes } from '../../../platform/files/bounded-read.ts';
import { errorCode, moveAsideCommand, toFailure, toFileError } from '../../../platform/files/file-error.ts';
import { findProgram, trustedPath, type ProgramSearch } from '../../../platform/programs/find-program.ts';
import type { CliContext, DaemonAccess, Dialog, Output, Places, ServiceAccess } from '../../context.ts';
import { shortenPath } from '../../terminal/render.ts';
import { lstatIfPresentSync } from '../../../platform/files/stat-sync.ts';

export interface AwsFile {
  readonly path: string;
  /** The path with ~ for the home directory. */
  readonly shown: string;
  readonly exists: boolean;
  /** Why it cannot be read, and the command to run; the document is empty then. */
  readonly failure?: Pick<ErrorBody, 'message' | 'hint'>;
  readonly document: ConfigDocument;
}

export type DaemonSeen =
  | { readonly state: 'running'; readonly status: StatusDocument }
  | { readonly state: 'absent' }
  | { readonly state: 'failing'; readonly error: ErrorBody };

/** From `--version`; undefined for a program that is missing or prints no version. */
export interface ProgramVersions {
  readonly aws: string | undefined;
  readonly curl: string | undefined;
}

export type DoctorContext = DaemonAccess &
  Dialog &
  Output &
  Places &
  ProgramSearch &
  ServiceAccess &
  Pick<CliContext, 'checkSettings' | 'describeSettings' | 'clock' | 'findBrowserPlace' | 'nodeVersion'>;

export interface World {
  readonly context: DoctorContext;
  readonly config: AwsFile;
  readonly credentials: AwsFile;
  readonly daemon: DaemonSeen;
  /** Undefined when no daemon runs, or an older one that cannot check. */
  readonly reach: ReachDocument | undefined;
  readonly programs: ProgramVersions;
}

const STATUS_TIMEOUT_MS = 10_000;
/** After a call that took this long the daemon is not asked again: it does not answer. */
const SILENT_AFTER_MS = 2500;
const VERSION_TIMEOUT_MS = 10_000;
/** The daemon tries each endpoint twice, for ten seconds each. */
const REACH_TIMEOUT_MS = 30_000;

/** Starts nothing and changes nothing. */
export async function observeWorld(context: DoctorContext): Promise<World> {
  const [daemon, programs] = await Promise.all([observeDaemon(context), findVersions(context)]);
  return {
    context,
    config: await readAwsFile(awsFilePath('config', context.environment, context.homeDirectory), context),
    credentials: await readAwsFile(awsFilePath('credentials', context.environment, context.homeDirectory), context),
    daemon,
    reach: daemon.state === 'running' ? await observeReach(context) : undefined,
    programs,
  };
}

async function observeDaemon(context: DoctorContext): Promise<DaemonSeen> {
  const startedAtMs = context.clock.nowMs();
  const seen = await askDaemon(context);
  if (seen.state === 'absent') return observeUnreachable(context);
  // A daemon that was just stopping drops the connection; the second try finds it gone or replaced.
  const isWorthRetrying =
    seen.state === 'failing' &&
    seen.error.code === 'daemon-not-answering' &&
    context.clock.nowMs() - startedAtMs < SILENT_AFTER_MS;
  return isWorthRetrying ? askDaemon(context) : seen;
}

/** Time for a daemon to recreate a deleted socket. */
const RESTORE_MS = 1000;

/** Without a socket there is usually no daemon; one that holds the lock is reported. */
async function observeUnreachable(context: DoctorContext): Promise<DaemonSeen> {
  const { lockFile, socketPath } = context.paths;
  const check = () => describeUnreachable({ lockFile, socketPath }, { minAgeMs: 0, nowMs: Number.MAX_VALUE });
  if (check() === undefined) return { state: 'absent' };
  await context.clock.sleep(RESTORE_MS, context.signal);
  const seen = await askDaemon(context);
  const error = seen.state === 'absent' ? check() : undefined;
  return error === undefined ? seen : { state: 'failing', error: error.toBody() };
}

async function askDaemon(context: DoctorContext): Promise<DaemonSeen> {
  try {
    const options = { autostart: false, timeoutMs: STATUS_TIMEOUT_MS, failsOnSilence: true, signal: context.signal };
    return { state: 'running', status: await context.client.call('status', {}, options) };
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    const error = toFailure(thrown);
    return error.code === 'daemon-not-running' ? { state: 'absent' } : { state: 'failing', error: error.toBody() };
  }
}

/** Undefined when it fails: an older daemon does not have this route. */
async function observeReach(context: DoctorContext): Promise<ReachDocument | undefined> {
  try {
    const options = { autostart: false, timeoutMs: REACH_TIMEOUT_MS, signal: context.signal };
    return await context.client.call('reach', {}, options);
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    return undefined;
  }
}

async function findVersions(context: DoctorContext): Promise<ProgramVersions> {
  const read = async (name: string, pattern: RegExp) => {
    const path = findProgram(name, context, { pathOnly: true });
    if (path === undefined) return undefined;
    try {
      const env = { ...context.environment, PATH: trustedPath(context) };
      const { stdout, stderr } = await promisify(execFile)(path, ['--version'], { timeout: VERSION_TIMEOUT_MS, env });
      return pattern.exec(stdout)?.[1] ?? pattern.exec(stderr)?.[1];
    } catch {
      return undefined;
    }
  };
  const [aws, curl] = await Promise.all([read('aws', /aws-cli\/(\d[\w.]*)/u), read('curl', /^curl (\d[\w.]*)/u)]);
  return { aws, curl };
}

async function readAwsFile(path: string, context: DoctorContext): Promise<AwsFile> {
  const shown = shortenPath(path, context.homeDirectory);
  try {
    const bytes = await readBoundedBytes(path, MAX_AWS_FILE_BYTES);
    const document = withEncodingProblem(parseConfigDocument(bytes.toString('utf8'), shown), bytes);
    return { path, shown, exists: true, document };
  } catch (error) {
    const document = parseConfigDocument('', shown);
    if (errorCode(error) !== 'ENOENT') {
      return { path, shown, exists: true, failure: toFileError(error, path, 'read'), document };
    }
    if (lstatIfPresentSync(path) === undefined) return { path, shown, exists: false, document };
    const message = `${path} cannot be read: the target of its symlink does not exist.`;
    return { path, shown, exists: true, failure: { message, hint: moveAsideCommand(path) }, document };
  }
}

export interface ProfileSection {
  readonly name: string;
  readonly line: number;
  readonly header: string;
  readonly keys: readonly string[];
  value(key: string): string | undefined;
}

/** The profiles of the config file, in file order. */
export function configProfiles({ document }: AwsFile): ProfileSection[] {
  return document.sections.flatMap((section) =>
    section.kind === 'profile' || section.kind === 'default' ? [toProfile(section.name, section)] : [],
  );
}

/** The profiles of the credentials file, where the whole header is the name. */
export function credentialsProfiles({ document }: AwsFile): ProfileSection[] {
  return document.sections.map((section) => toProfile(section.header, section));
}

function toProfile(name: string, section: ConfigDocument['sections'][number]): ProfileSection {
  const { line, header, entries } = section;
  return {
    name,
    line,
    header,
    keys: entries.map(({ key }) => key),
    value(key) {
      const value = entries.findLast((entry) => entry.key === key)?.value;
      return value === '' ? undefined : value;
    },
  };
}

/** The first word of a command line as a shell reads it, without quotes. */
export function firstWordOf(command: string): string {
  const [, double, single, plain] = /^\s*(?:"([^"]*)"|'([^']*)'|(\S+))/u.exec(command) ?? [];
  return double ?? single ?? plain ?? '';
}
