// Command lines with `--json` in typical states, for tests of what they print: with chains, protection and grants, and without anything.
import { CONFIG, createRig, SESSION, type CliRun, type Rig } from './rig.ts';

export interface JsonScenario {
  /** The words of the command: `profiles list`. */
  readonly command: string;
  /** `signed-in`, `no-session`: the state in which it runs. */
  readonly state: string;
  readonly argv: readonly string[];
}

export interface JsonScenarioRun extends JsonScenario {
  readonly exitCode: number;
  /** What stdout has: a document, or a list of them for one on each line. Undefined if it is empty. */
  readonly document: unknown;
  readonly stderr: string;
}

const PROFILE = 'taylor.Admin-AF-Permission-Set';
const CHAINED = `${CONFIG}
[profile deploy]
role_arn = arn:aws:iam::222222222222:role/ops/Deploy
source_profile = account1
region = eu-central-1
`;
const SETTINGS = `[[protect]]
permission_set = "ReadOnly"
approve = "click"

[session.${SESSION}]
label = "Work"

[[role]]
account_id = "111111111111"
permission_set = "Admin*"
alias = "daily"
pin = true
`;
const ANOTHER = ['--start-url', 'https://d-9876543210.awsapps.com/start', '--sso-region', 'eu-west-1', '--name', 'lab'];

/** Runs all of them, in this order, each with `--json` at the end unless it has it already. */
export async function runJsonScenarios(): Promise<readonly JsonScenarioRun[]> {
  return [...(await runWithoutSession()), ...(await runOneDay())];
}

async function runWithoutSession(): Promise<JsonScenarioRun[]> {
  const rig = await createRig({ config: '' });
  const run = createRunner(rig, 'no-session');
  try {
    return [
      await run('status'),
      await run('ls'),
      await run('login'),
      await run('logout'),
      await run('whoami'),
      await run('profiles list'),
      await run('config path'),
      await run('config show'),
      await run('config check'),
      await createRunner(rig, 'dry-run')('setup', ...ANOTHER, '--dry-run'),
      await run('setup', ...ANOTHER, '--yes'),
    ];
  } finally {
    await rig.remove();
  }
}

async function runOneDay(): Promise<JsonScenarioRun[]> {
  const rig = await createRig({ config: CHAINED, settings: SETTINGS, approvalPlaces: ['page'] });
  const runs: JsonScenarioRun[] = [];
  const signedOut = createRunner(rig, 'signed-out');
  const signedIn = createRunner(rig, 'signed-in');
  const failing = createRunner(rig, 'error');
  const step = async (run: Promise<JsonScenarioRun>) => runs.push(await run);
  try {
    await step(signedOut('status'));
    await step(signedOut('ls'));
    await step(signedOut('whoami', PROFILE));
    await step(signedOut('env', PROFILE));
    await step(signedOut('console', 'account1'));
    await step(signedOut('profiles adopt', '--dry-run'));
    await step(signedOut('login'));
    await step(signedIn('login'));
    await step(createRunner(rig, 'all')('login', '--all'));
    await step(signedIn('use', PROFILE));
    await step(createRunner(rig, 'current')('use', '--current', PROFILE));
    await step(signedIn('status'));
    await step(signedIn('ls'));
    await step(createRunner(rig, 'found')('ls', 'admin'));
    await step(createRunner(rig, 'nothing-found')('ls', 'no such account'));
    await step(createRunner(rig, 'roles')('ls', '--roles'));
    await step(signedIn('env', PROFILE));
    await step(signedIn('console', PROFILE));
    await step(signedIn('whoami', PROFILE));
    await step(createRunner(rig, 'chain')('whoami', 'deploy'));
    await step(signedIn('container-env', PROFILE, '--network', 'host'));
    await step(signedIn('profiles list'));
    await step(signedIn('profiles sync'));
    await step(createRunner(rig, 'dry-run')('profiles sync', '--dry-run'));
    await step(createRunner(rig, 'dry-run')('profiles adopt', '--dry-run'));
    await step(signedIn('config path'));
    await step(signedIn('config show'));
    await step(signedIn('config check'));
    await step(signedIn('passkey list'));
    await step(signedIn('web'));
    await step(createRunner(rig, 'token')('web', '--token'));
    await step(signedIn('service status'));
    await step(signedIn('service uninstall'));
    await step(signedIn('doctor'));
    await step(signedIn('daemon start'));
    await step(signedIn('--version'));
    await askApproval(rig);
    await step(createRunner(rig, 'pending')('approvals'));
    await step(createRunner(rig, 'refused')('approvals', '--refuse', 'all'));
    await step(signedIn('approvals'));
    await step(signedIn('lock'));
    await step(createRunner(rig, 'locked')('status'));
    await step(signedIn('unlock'));
    await step(signedIn('log'));
    await step(createRunner(rig, 'verify')('log', '--verify'));
    await step(failing('env', 'no-such-profile'));
    await step(failing('status', '--no-such-option'));
    await step(failing('passkey remove', 'none'));
    await step(signedIn('logout', SESSION));
    await rig.daemon().stop();
    await step(createRunner(rig, 'no-daemon')('daemon stop'));
    await step(createRunner(rig, 'no-daemon')('--version'));
    await step(createRunner(rig, 'no-daemon')('status'));
  } finally {
    await rig.remove();
  }
  return runs;
}

/** A protected role that waits for a click. */
async function askApproval(rig: Rig): Promise<void> {
  const role = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' };
  await rig.client.call('askApproval', { body: role });
}

function createRunner(rig: Rig, state: string) {
  return async (command: string, ...args: string[]): Promise<JsonScenarioRun> => {
    const argv = [...command.split(' '), ...args, '--json'];
    const { exitCode, stdout, stderr }: CliRun = await rig.runCli(argv);
    return { command, state, argv, exitCode, document: readDocument(stdout), stderr };
  };
}

/** One document, or one a line. @throws SyntaxError: neither */
function readDocument(stdout: string): unknown {
  if (stdout === '') return undefined;
  try {
    return JSON.parse(stdout) as unknown;
  } catch {
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }
}
