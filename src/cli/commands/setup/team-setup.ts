// `rolecall setup --from` and `--refresh`: shows the changes of a team file, asks, and applies them.
import { resolve } from 'node:path';
import { UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { TeamDocument } from '../../../local-api/schemas.ts';
import type { Dialog } from '../../context.ts';
import type { RestartContext } from '../daemon/run.ts';
import { readBoundedFileSync } from '../../../platform/files/bounded-read.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { createPainter, harmless, shortenPath } from '../../terminal/render.ts';
import { createInterview } from '../../terminal/interview.ts';
import { restartForSettings } from './restart-for-settings.ts';
import type { SetupOptions } from './set-up.ts';

type Context = Dialog & RestartContext;

/** The daemon may have to download the file. */
const TIMEOUT_MS = 60_000;

export async function runTeamSetup(options: SetupOptions, context: Context): Promise<number> {
  refuseOtherFlags(options);
  const checks = readChecks(options);
  const ask = (body: { dryRun?: boolean; digest?: string }) =>
    context.client.call(
      'team',
      { body: { ...(options.from === undefined ? {} : { source: toSource(options.from) }), ...checks, ...body } },
      { signal: context.signal, timeoutMs: TIMEOUT_MS },
    );
  const plan = await ask({ dryRun: true });
  const isJson = options.json === true;
  if (!isJson) {
    showChecks(plan, options, context);
    showPlan(plan, context);
  }
  const isDone = plan.team.diff === '' && plan.config.diff === '';
  if (isDone || options.dryRun === true) {
    if (isJson) context.stdout.write(formatJson(plan));
    return 0;
  }
  if (!(await mayWrite(options, context))) {
    context.stderr.write('Nothing was written.\n');
    return 0;
  }
  // The digest makes sure that only the file that was shown is applied.
  const written = await ask({ digest: plan.digest });
  if (isJson) context.stdout.write(formatJson(written));
  else context.stderr.write('Written.\n');
  const mayAsk = context.stdinIsTerminal && options.yes !== true && !isJson;
  if (written.team.written) await restartForSettings({ ...context, stdinIsTerminal: mayAsk });
  if (!isJson) {
    const isNew = written.config.written;
    context.stderr.write(
      isNew ? 'Now sign in: rolecall login --all\n' : 'To update the profiles: rolecall profiles sync\n',
    );
  }
  return 0;
}

function refuseOtherFlags({
  from,
  refresh,
  startUrl,
  ssoRegion,
  name,
  profileNameTemplate,
  secretStore,
  service,
}: SetupOptions) {
  if (from !== undefined && refresh === true) {
    throw new UsageError('usage', 'setup takes --from or --refresh, not both.', { hint: 'rolecall setup --help' });
  }
  if ([startUrl, ssoRegion, name, profileNameTemplate, secretStore, service].some((value) => value !== undefined)) {
    throw new UsageError(
      'usage',
      'With a team file, setup takes no other options. To override its values, edit config.toml.',
      {
        hint: 'rolecall setup --help',
      },
    );
  }
}

/** What the file must have, as the user was told. @throws UsageError usage */
function readChecks({ sha256, publicKey }: SetupOptions): { sha256?: string; publicKey?: string } {
  const digest = sha256?.toLowerCase();
  if (digest !== undefined && !/^[0-9a-f]{64}$/u.test(digest)) {
    throw new UsageError('usage', 'The value of --sha256 is not a SHA-256: 64 hexadecimal digits.', {
      hint: 'rolecall setup --help',
    });
  }
  return {
    ...(digest === undefined ? {} : { sha256: digest }),
    ...(publicKey === undefined ? {} : { publicKey: readPublicKey(publicKey) }),
  };
}

const MAX_KEY_BYTES = 16 * 1024;

/** The key itself, or that of a `.pub` file of minisign or OpenSSH. */
function readPublicKey(value: string): string {
  if (/^(?:RW[A-Za-z0-9+/]{54}$|(?:ssh|sk|ecdsa)-\S+ )/u.test(value)) return value;
  const path = resolve(value);
  const wrong = (reason: string) =>
    new UsageError('usage', `The public key ${path} ${reason}.`, { hint: 'rolecall setup --help' });
  let text: string;
  try {
    text = readBoundedFileSync(path, MAX_KEY_BYTES);
  } catch {
    throw wrong('cannot be read');
  }
  // minisign writes a comment above its key.
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== '' && !/^(?:untrusted comment:|#)/u.test(line));
  const [line] = lines;
  // A secret key must not even reach the daemon.
  if (
    line === undefined ||
    lines.length > 1 ||
    line.startsWith('-----') ||
    /^untrusted comment: .*secret key/imu.test(text)
  ) {
    throw wrong('is not the file of one public key');
  }
  return line.trim();
}

/** Says what was verified. */
function showChecks(
  { signature, digest, source }: TeamDocument,
  { sha256 }: SetupOptions,
  { stdout, stderr, environment }: Context,
): void {
  if (sha256 !== undefined) stderr.write(`SHA-256 as expected: ${digest}\n`);
  if (signature === undefined) return;
  const { kind, keyId, signedAt, isNewKey, refusesOlder } = signature;
  const date = signedAt === undefined ? '' : `, ${signedAt}`;
  const later = isNewKey ? 'Later versions must be signed with it too.' : 'As the version before.';
  stderr.write(`Signed by the ${kind} key ${harmless(keyId)}${date}. ${later}\n`);
  if (refusesOlder) return;
  const paint = createPainter(stdout, environment);
  stderr.write(
    `${paint('yellow', 'Note:')} a signature of OpenSSH has no date, so an older signed version of ${harmless(source)} would be accepted too. Its author can prevent that with "serial = 1" in the file.\n`,
  );
}

/** A URL unchanged; a path made absolute, because the daemon has another working directory. */
function toSource(from: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//iu.test(from) ? from : resolve(from);
}

/** Settings from somebody else need the user's confirmation, or --yes in a script. */
async function mayWrite({ yes, json }: SetupOptions, context: Context): Promise<boolean> {
  if (yes === true) return true;
  if (json === true || !context.stdinIsTerminal) {
    const reason = json === true ? 'With --json setup does not ask' : 'Not a terminal';
    throw new UsageError('usage', `${reason}: pass --yes to apply the changes.`, {
      hint: 'rolecall setup --help',
    });
  }
  return createInterview(context, { isQuiet: false, command: 'rolecall setup' }).confirm('Apply these changes?', true);
}

function showPlan(
  { source, redirectedTo, team, config, kept, foreignStartUrls }: TeamDocument,
  context: Context,
): void {
  const paint = createPainter(context.stdout, context.environment);
  const shown = (path: string) => harmless(shortenPath(path, context.homeDirectory));
  if (team.diff === '' && config.diff === '') {
    context.stdout.write(`No changes in ${harmless(source)}\n`);
  }
  for (const { diff } of [team, config]) if (diff !== '') context.stdout.write(`\n${formatDiff(diff, paint)}`);
  const note = (text: string) => context.stderr.write(`${paint('yellow', 'Note:')} ${text}\n`);
  if (redirectedTo !== undefined) {
    note(`${harmless(source)} redirects; the file was loaded from ${harmless(redirectedTo)}.`);
  }
  for (const key of kept) note(`your own settings have another value for ${harmless(key)}, which stays.`);
  for (const url of foreignStartUrls) {
    note(`${harmless(url)} is not an AWS address. Sign in there only if you trust it.`);
  }
  if (kept.length > 0) context.stderr.write(`Your own settings are in ${shown(context.paths.settingsFile)}.\n`);
}
