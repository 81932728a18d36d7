// Does what rolecall says to a person whose world is broken, until it is healthy again.
import type { ProcessRun } from '../helpers/run-process.ts';
import type { HintWorld } from './hint-world.ts';

/** Who gave a hint. */
export type Source = 'credential_process' | 'status' | 'doctor';

/** What somebody does who is shown the reason by a command, or has to answer or edit something; by the command. */
export type Person = Readonly<Record<string, () => unknown>>;

export interface Observation {
  /** Keys come, and neither `status` nor `doctor` has a problem. */
  readonly isHealthy: boolean;
  /** The commands that each of them names first, in order; only of those that name one. */
  readonly hints: ReadonlyMap<Source, readonly string[]>;
  /** All that was said, for whoever reads why a test failed. */
  readonly told: string;
}

const MAX_STEPS = 2;
/** A tick of the daemon. */
const LOOK_AGAIN_MS = 40_000;

export async function observe(world: HintWorld): Promise<Observation> {
  const keys = await world.credentials();
  const status = await world.status();
  const doctor = await world.doctor();
  const problems = status.exitCode === 0 ? (JSON.parse(status.stdout) as StatusDocument).problems : undefined;
  const all: readonly (readonly [Source, readonly string[]])[] = [
    ['credential_process', printedHint(keys)],
    ['status', problems === undefined ? printedHint(status) : statusHint(status.stdout)],
    ['doctor', doctorHints(doctor)],
  ];
  return {
    isHealthy: keys.exitCode === 0 && problems?.length === 0 && doctor.exitCode === 0,
    hints: new Map(all.filter(([, commands]) => commands.length > 0)),
    told: [
      `credential_process: ${keys.exitCode} ${keys.stderr}`,
      `status: ${status.exitCode} ${status.stderr}${JSON.stringify(problems)}`,
      `doctor: ${doctor.exitCode} ${doctor.stderr}`,
      ...all.map(([source, commands]) => `  ${source} hints at ${commands.join(', then ') || 'nothing'}`),
    ].join('\n'),
  };
}

interface StatusDocument {
  readonly problems: readonly { readonly hint: string }[];
  readonly lastRefusals?: readonly { readonly hint: string }[];
}

interface DoctorDocument {
  readonly groups: readonly {
    readonly findings: readonly {
      readonly code: string;
      readonly severity: string;
      readonly commands: readonly string[];
    }[];
  }[];
}

function printedHint({ exitCode, stderr }: ProcessRun): readonly string[] {
  return exitCode === 0 ? [] : [...stderr.matchAll(/^Run: (.+)$/gmu)].map(([, hint = '']) => hint).slice(-1);
}

/** It does not print a hint that names itself. */
function statusHint(stdout: string): readonly string[] {
  const { problems, lastRefusals = [] } = JSON.parse(stdout) as StatusDocument;
  const hints = [...problems, ...lastRefusals].map(({ hint }) => hint);
  return hints.filter((hint) => hint !== 'rolecall status').slice(0, 1);
}

/** Of its first problem; of what a program was refused where that is all there is. */
function doctorHints({ stdout, stderr }: ProcessRun): readonly string[] {
  if (stdout === '') throw new Error(`doctor looked at nothing: ${stderr}`);
  const findings = (JSON.parse(stdout) as DoctorDocument).groups.flatMap((group) => group.findings);
  const first =
    findings.find(({ severity }) => severity === 'problem') ?? findings.find(({ code }) => code === 'keys-refused');
  return first?.commands ?? [];
}

/**
 * Types the first hint of `source`, and another one if it takes one; `first` is how the world was seen before.
 * @throws Error with all that was said: the world is not healthy then, or a hint failed or led back to itself
 */
export async function followHints(
  world: HintWorld,
  source: Source,
  person: Person,
  first?: Observation,
): Promise<void> {
  const steps: string[] = [];
  let from = source;
  let seen = first ?? (await observe(world));
  const transcript = [seen.told];
  const next = ({ hints }: Observation) => {
    const commands = hints.get(from) ?? [...hints.values()][0] ?? [];
    // The command after the last one, where a list of them still stands.
    const at = commands.indexOf(steps.at(-1) ?? '');
    return commands[at + 1] ?? commands[at];
  };
  const failure = (why: string) => new Error(`${why}\n${transcript.join('\n')}`);
  while (!seen.isHealthy) {
    const command = next(seen);
    if (command === undefined) throw failure('there is no hint');
    if (steps.includes(command)) throw failure(`"${command}" leads back to itself`);
    if (steps.length === MAX_STEPS) throw failure(`not healthy after ${MAX_STEPS} hints`);
    steps.push(command);
    const { exitCode, stderr, stdout } = await type(command, world, person);
    transcript.push(`$ ${command}\n${stdout}${stderr}`);
    // Those that show something tell by their exit code what they have found.
    if (command === 'rolecall doctor') from = 'doctor';
    else if (command === 'rolecall status') from = 'status';
    else if (exitCode !== 0) throw failure(`"${command}" fails with ${exitCode}`);
    const isLast = steps.length === MAX_STEPS;
    seen = await observeUntil(world, (now) => now.isHealthy || (!isLast && next(now) !== command));
    transcript.push(seen.told);
  }
}

/** The first observation that will do, or the last one: a busy machine looks again at its disk a moment later. */
async function observeUntil(world: HintWorld, willDo: (now: Observation) => boolean): Promise<Observation> {
  let now = await observe(world);
  const endMs = Date.now() + LOOK_AGAIN_MS;
  while (!willDo(now) && Date.now() < endMs) now = await observe(world);
  return now;
}

/** They wait for somebody's keys, or for the whole machine. */
const BY_HAND = /^(bash -c 'read|rolecall setup|sudo|unset)( |$)|\$\{EDITOR:-vi\} /u;

async function type(command: string, world: HintWorld, person: Person): Promise<ProcessRun> {
  const isByHand = BY_HAND.test(command);
  if (isByHand && person[command] === undefined) throw new Error(`nobody knows what to do by "${command}"`);
  const run = isByHand ? { exitCode: 0, stdout: '', stderr: '' } : await world.type(command);
  await person[command]?.();
  return run;
}
