// Switching in a terminal with 20,000 roles: the hook, the completions and the picker, typed at by a person with a stopwatch.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interleave, median, percentile } from '../measure.mjs';
import { BARE_NODE, ROLECALL, ROOT, runProgram, timeRuns } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const MANY = { accountCount: 2000, permissionSetCount: 10, callsPerSecond: 200 };
const ROUNDS = 15;
const SWITCHES = 20;
const TABS = 10;
/** What is typed at the picker, key by key, again and again. */
const QUERIES = ['account-01', 'permset 7', '1000000', 'a1 set-00', 'zzz'];
const QUIET_FISH = ['fish', '--no-config', '-c'];
const SHOWN = '\u001b\\[\\?25h';

export async function measureSwitching(scene) {
  const world = await startWorld(scene, MANY);
  const { home } = world;
  const bin = join(home.path, 'bin-rolecall');
  await runProgram(['/bin/mkdir', '-p', bin], world.environment);
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\nexec ${process.execPath} ${ROLECALL} "$@"\n`, { mode: 0o755 });
  const environment = {
    ...world.environment,
    PATH: `${bin}:${world.environment.PATH}`,
    TERM: 'xterm-256color',
    ROLECALL_PICKER: 'builtin',
  };
  const file = (name) => join(home.path, name);
  for (const shell of ['bash', 'zsh', 'fish']) {
    for (const command of ['shell-init', 'completion']) {
      const text = await runProgram([process.execPath, ROLECALL, command, shell], environment);
      writeFileSync(file(`${command}.${shell}`), text);
    }
  }
  // The list is asked for once, as the page or a picker before this one did; the files for shells follow the profiles.
  await world.client.get('/v1/roles');
  const names = readFileSync(join(home.path, '.local/state/rolecall/switch/profiles'), 'utf8').split('\n');
  // One that is the only one with all but its last character.
  const name = names.slice(12_345).find((candidate) => candidate.endsWith('-010'));
  const rows = [];

  const curl = `for n in $(seq ${SWITCHES}); do curl -q -s --unix-socket ${world.socketPath} http://localhost/v1/current; done`;
  const use = `. ${file('shell-init.bash')}; for n in $(seq ${SWITCHES}); do rolecall use ${name}; done; [ $AWS_PROFILE = ${name} ]`;
  const sides = await interleave(ROUNDS, {
    floor: () => timeRuns(['/bin/bash', '--norc', '-c', curl], 1, environment),
    measured: () => timeRuns(['/bin/bash', '--norc', '-c', use], 1, environment),
  });
  rows.push({
    name: 'rolecall use NAME, by the hook',
    how:
      `the exact name of one of 20,000 profiles in bash, against \`curl --unix-socket\` for the current role in its place; ` +
      `median of ${ROUNDS} rounds of ${SWITCHES} each.`,
    unit: 'ms',
    floorName: 'sh and curl',
    bound: 2,
    floor: sides.floor / SWITCHES,
    measured: sides.measured / SWITCHES,
  });

  for (const [shell, ...quiet] of [
    ['bash', '--norc'],
    ['zsh', '-f'],
    ['fish', '--no-config'],
  ]) {
    const starts = await interleave(ROUNDS, {
      floor: () => timeRuns([shell, ...quiet, '-c', 'true'], 5, environment),
      measured: () => timeRuns([shell, ...quiet, '-c', `source ${file(`shell-init.${shell}`)}`], 5, environment),
    });
    rows.push({
      name: `what the hook adds to the start of ${shell}`,
      how: `${shell} that reads the hook from a file, against one that reads nothing; median of ${ROUNDS} rounds of 5 each.`,
      unit: 'ms',
      floorName: `${shell}, no hook`,
      bound: 1.5,
      ...starts,
    });
  }

  const bareNodeMs = median(await repeat(ROUNDS, () => timeRuns(BARE_NODE, 1, environment)));
  const ready = '\nprintf "rea%s\\n" dy\n';
  // Not fish here, which draws what it completes over what was typed, so that nobody can tell the answer from the echo.
  const shells = {
    bash: [['bash', '--norc', '--noprofile', '-i'], `source ${file('completion.bash')}`],
    zsh: [['zsh', '-f', '-i'], `autoload -Uz compinit && compinit -u -D && source ${file('completion.zsh')}`],
  };
  // All but the last character, so that one name is meant and the screen shows the rest of it.
  const [typed, rest] = [name.slice(0, -1), name.slice(-1)];
  for (const [shell, [command, read]] of Object.entries(shells)) {
    const steps = [
      { type: `${read}${ready}`, see: 'ready' },
      ...Array.from({ length: TABS + 1 }, () => [
        // Its echo is waited for, or it might be taken for the answer.
        { type: `rolecall use ${typed}`, see: typed.slice(-4) },
        { type: '\t', see: rest },
        { type: '\u0015', see: null },
      ]).flat(),
    ];
    const answers = await typeAt(command, steps, environment);
    const tabs = answers
      .slice(1)
      .filter((times) => times.length > 0)
      .map(([ms]) => ms);
    rows.push({
      name: `Tab in ${shell}, one of 20,000 names`,
      how: `from the key to the rest of the name on the screen of a real terminal, against a bare Node, which it does without; median of ${TABS}.`,
      unit: 'ms',
      floorName: 'node -e 0',
      bound: 1.5,
      floor: bareNodeMs,
      measured: median(tabs.slice(1)),
    });
  }

  // By what fish itself offers for it, in a shell that begins with this one question.
  const offer = [...QUIET_FISH, `source ${file('completion.fish')}; complete --do-complete 'rolecall use ${typed}'`];
  const offered = (await runProgram(offer, environment)).trim().split(/[\t\n]/u)[0];
  if (offered !== name) throw new Error(`fish offers "${offered}" in place of ${name}`);
  rows.push({
    name: 'Tab in fish, one of 20,000 names',
    how:
      'a fish that reads the completions from a file and prints what it would offer, from its start to its end, against one ' +
      `that does nothing; median of ${ROUNDS} rounds of 3 each.`,
    unit: 'ms',
    floorName: 'fish -c true',
    // 15 ms, where a fish starts in 4; a Node in it, which it does without, would make it ten times as much.
    bound: 4,
    ...(await interleave(ROUNDS, {
      floor: () => timeRuns([...QUIET_FISH, 'true'], 3, environment),
      measured: () => timeRuns(offer, 3, environment),
    })),
  });

  const picker = [process.execPath, ROLECALL, 'use', '--print-name'];
  const first = await interleave(ROUNDS, {
    floor: () => timeRuns(BARE_NODE, 1, environment),
    measured: async () => (await typeAt(picker, [{ type: null, see: SHOWN }], environment))[0][0],
  });
  rows.push({
    name: 'the picker, first screen',
    how: `from its start to the whole first screen of 20,000 roles in a terminal; median of ${ROUNDS}.`,
    unit: 'ms',
    floorName: 'node -e 0',
    bound: 4,
    ...first,
  });

  const keys = QUERIES.flatMap((query) => [...query.split(''), ...query.split('').fill('\u007f')]);
  const answers = await typeAt(
    picker,
    [{ type: null, see: SHOWN }, ...Array.from({ length: 4 }, () => ({ type: keys, see: SHOWN }))],
    environment,
  );
  const latencies = answers.slice(1).flat();
  rows.push({
    name: 'the picker, key to screen, p99',
    how:
      `keys of several queries and their erasing, from the key to the whole screen drawn for it, the first key included, ` +
      `of ${latencies.length} (median ${median(latencies).toFixed(1)} ms), against a bare Node for the size of this machine.`,
    unit: 'ms',
    floorName: 'node -e 0',
    // 50 ms, where a bare Node takes 25.
    bound: 2,
    floor: first.floor,
    measured: percentile(latencies, 0.99),
  });
  return rows;
}

async function repeat(times, measure) {
  const values = [];
  for (let time = 0; time < times; time += 1) values.push(await measure());
  return values;
}

/** For each step the milliseconds of each key. */
function typeAt(command, steps, environment) {
  return new Promise((resolve, reject) => {
    const typist = spawn('/usr/bin/python3', [join(ROOT, 'test/bench/typist.py')], {
      env: environment,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    typist.stdout.setEncoding('utf8').on('data', (part) => (text += part));
    typist.on('error', reject);
    typist.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`the typist ended with ${code} at ${command.join(' ')}`));
    });
    typist.stdin.end(`${JSON.stringify({ command, columns: 160, rows: 45, steps })}\n`);
  });
}
