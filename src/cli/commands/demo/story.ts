// The demo's script: a developer's day in steps, each a real command with its real output.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createPainter, shortenPath } from '../../terminal/render.ts';
import type { DaemonAccess, Output } from '../../context.ts';
import type { AwsClient } from './aws-client.ts';
import type { DemoHome } from './demo-home.ts';
import { wrapCommand, wrapOutput } from './wrap-output.ts';
import { runToEnd, type EmulatorAddress, type Finished } from './processes.ts';

interface HelperRun {
  readonly command: readonly string[];
  readonly words: string;
}

export interface Stage {
  readonly context: Output & Pick<DaemonAccess, 'signal'>;
  readonly home: DemoHome;
  readonly emulator: EmulatorAddress;
  readonly aws: AwsClient;
  /** Whether the helper finds curl; without it, it starts Node. */
  readonly hasCurl: boolean;
  /** `dist/cli/main.js`. */
  readonly rolecall: string;
}

/** Indents the output of commands to set it apart from the narration. */
const INDENT = '    ';
const COLUMNS = 80;
const SESSION = 'my-sso-session';
const PERMISSION_SET = 'Admin-AF-Permission-Set';

/** Runs all steps. @throws Error: a step failed */
export async function tellStory(stage: Stage): Promise<void> {
  const { aws, context, emulator, home } = stage;
  const paint = createPainter(context.stdout, context.environment);
  const say = (text: string) => void context.stdout.write(`\n${text}\n`);
  const step = (text: string) => say(paint('bold', text));

  say(
    `${paint('bold', 'rolecall demo')}: a developer's day with an in-memory IAM Identity Center.\n` +
      'It uses a temporary home and does not touch your ~/.aws or your keychain.',
  );

  step('8:58  Taylor has one sso-session and one profile, both written by hand.');
  const config = handWrittenConfig(emulator);
  home.write(home.configFile, config);
  shell(stage, `cat ${shortenPath(home.configFile, home.path)}`);
  show(stage, config);

  step('9:00  One sign-in. It starts the daemon; the demo presses Allow for you.');
  // The emulator approves a code by itself, whatever browser this machine has.
  await rolecall(stage, ['login', '--no-browser'], 0);

  step('9:01  What can I reach?');
  await rolecall(stage, ['ls'], 0);
  say('Each one now has a profile in ~/.aws/config, below what Taylor wrote.');
  showProfiles(stage);

  step(`9:02  The unmodified ${aws.name} uses one of these profiles.`);
  await callerIdentity(stage, { profile: `taylor.${PERMISSION_SET}`, account: '111111111111' });

  step('9:03  The profile that Taylor wrote by hand still works.');
  await callerIdentity(stage, { variable: 'account1', account: '111111111111' });

  step('9:10  The administrator adds an account and assigns Taylor to it.');
  await addAccount(emulator);
  show(stage, `account Shop Production (555555555555)\npermission set ${PERMISSION_SET}`);

  step('9:11  Signing in again needs no browser and shows what is new.');
  await rolecall(stage, ['login'], 0);
  await callerIdentity(stage, { profile: `Shop-Production.${PERMISSION_SET}`, account: '555555555555' });

  step('9:12  How fast is it? This is the helper that every profile runs.');
  await measure(stage);

  step('17:30 Taylor signs out, and no program gets keys any more.');
  await rolecall(stage, ['logout'], 0);
  await credentialsAfterLogout(stage);
}

function handWrittenConfig(emulator: EmulatorAddress): string {
  return (
    `[sso-session ${SESSION}]\n` +
    `sso_start_url = ${emulator.startUrl}\n` +
    `sso_region = ${emulator.region}\n` +
    'sso_registration_scopes = sso:account:access\n' +
    '\n' +
    '[profile account1]\n' +
    `sso_session = ${SESSION}\n` +
    'sso_account_id = 111111111111\n' +
    `sso_role_name = ${PERMISSION_SET}\n` +
    `region = ${emulator.region}\n`
  );
}

function shell({ context }: Stage, line: string): void {
  const paint = createPainter(context.stdout, context.environment);
  const text = wrapCommand(line, COLUMNS - 2 * INDENT.length)
    .map((part) => paint('green', part))
    .join(`\n${INDENT}  `);
  context.stdout.write(`${INDENT}${paint('dim', '$')} ${text}\n`);
}

function show({ context }: Stage, text: string): void {
  const lines = text.replace(/\n$/, '').split('\n');
  const wrapped = lines.flatMap((line) => {
    const start = INDENT + (/^ */.exec(line)?.[0] ?? '');
    return wrapOutput(line.trimStart(), COLUMNS - start.length).map((part) => (part === '' ? '' : start + part));
  });
  context.stdout.write(`${wrapped.join('\n')}\n`);
}

async function run(
  stage: Stage,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return runToEnd(command, {
    environment: { ...stage.home.environment, ...environment },
    signal: stage.context.signal,
  });
}

async function rolecall(stage: Stage, args: readonly string[], exitCode: number): Promise<void> {
  shell(stage, `rolecall ${args.join(' ')}`);
  const finished = await run(stage, [process.execPath, stage.rolecall, ...args]);
  show(stage, finished.output);
  expectExit(`rolecall ${args.join(' ')}`, finished, exitCode);
}

async function callerIdentity(
  stage: Stage,
  want: { readonly profile?: string; readonly variable?: string; readonly account: string },
): Promise<void> {
  const { command, environment } = stage.aws.command(want.profile);
  if (want.variable !== undefined) shell(stage, `export AWS_PROFILE=${want.variable}`);
  shell(stage, stage.aws.describe(want.profile));
  const finished = await run(stage, command, {
    ...environment,
    ...(want.variable === undefined ? {} : { AWS_PROFILE: want.variable }),
  });
  show(stage, finished.output);
  expectExit(stage.aws.describe(want.profile), finished, 0);
  const identity = JSON.parse(finished.stdout) as { Account?: string };
  if (identity.Account !== want.account) {
    throw new Error(`The caller's account is ${String(identity.Account)}, expected ${want.account}.`);
  }
}

/** Shows the median of several runs. */
async function measure(stage: Stage): Promise<void> {
  const { command, words } = helper(stage);
  shell(stage, words);
  const durationsMs: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const finished = await run(stage, command);
    expectExit('rolecall-credential-process', finished, 0);
    durationsMs.push(finished.durationMs);
  }
  const medianMs = durationsMs.toSorted((a, b) => a - b)[4] ?? 0;
  show(stage, `{"Version":1,"AccessKeyId":"ASIA…", …}   ${medianMs.toFixed(0)} ms, the median of 9`);
  if (stage.hasCurl) return;
  show(stage, 'curl is not installed, so the helper started Node each time. With curl: about 10 ms.');
}

/** The `credential_process` of a rolecall profile. */
function helper(stage: Stage): HelperRun {
  const args = ['--session', SESSION, '--account', '111111111111', '--role', PERMISSION_SET];
  return {
    command: [`${stage.home.path}/.local/share/rolecall/bin/rolecall-credential-process`, ...args],
    words: `rolecall-credential-process ${args.join(' ')}`,
  };
}

function showProfiles(stage: Stage): void {
  shell(stage, `grep '^.profile' ~/.aws/config`);
  const lines = readFileSync(stage.home.configFile, 'utf8').split('\n');
  show(stage, lines.filter((line) => line.startsWith('[profile')).join('\n'));
}

async function credentialsAfterLogout(stage: Stage): Promise<void> {
  const profile = `taylor.${PERMISSION_SET}`;
  const { command, environment } = stage.aws.command(profile);
  shell(stage, stage.aws.describe(profile));
  const finished = await run(stage, command, environment);
  if (finished.exitCode === 0) throw new Error('The keys were still served after the logout.');
  const printed = finished.stderr.split('\n').filter((line) => line !== '');
  const reason = printed.filter((line) => line.includes('rolecall'));
  show(stage, (reason.length > 0 ? reason : printed).slice(0, 2).join('\n'));
  if (reason.length > 0) return;
  stage.context.stdout.write('\nThis client does not show the reason. The helper prints it, with exit code 4:\n');
  const asked = helper(stage);
  shell(stage, asked.words);
  const refused = await run(stage, asked.command);
  show(stage, refused.output);
  expectExit('rolecall-credential-process', refused, 4);
}

function expectExit(what: string, finished: Finished, exitCode: number): void {
  if (finished.exitCode !== exitCode) {
    throw new Error(`"${what}" ended with exit code ${finished.exitCode}, expected ${exitCode}.`);
  }
}

/** Adds an account through the emulator's control API, as an administrator would in the console. */
async function addAccount(emulator: EmulatorAddress): Promise<void> {
  await control(emulator, 'POST', 'accounts', { accountId: '555555555555', accountName: 'Shop Production' });
  await control(emulator, 'POST', 'assignments', {
    accountId: '555555555555',
    permissionSet: PERMISSION_SET,
    user: emulator.user,
  });
}

/** Calls the emulator's control API. @throws Error: the emulator refused it */
export function control(emulator: EmulatorAddress, method: string, path: string, body: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${emulator.url}/control/${path}`,
      { method, headers: { 'content-type': 'application/json', authorization: `Bearer ${emulator.controlToken}` } },
      (incoming) => {
        incoming.resume();
        incoming.on('end', () => {
          if ((incoming.statusCode ?? 500) < 300) resolve();
          else reject(new Error(`The emulator refused ${method} ${path}: ${incoming.statusCode ?? 0}.`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}
