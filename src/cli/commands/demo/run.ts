// `rolecall demo`: a guided tour on the emulator, in a temporary home that is removed afterwards.
import { InternalError } from '../../../core/errors.ts';
import { trustedPath, type ProgramSearch } from '../../../platform/programs/find-program.ts';
import type { CliContext, Output } from '../../context.ts';
import { findAwsClient, type AwsClient } from './aws-client.ts';
import { createDemoHome, type DemoHome } from './demo-home.ts';
import { runToEnd, startEmulator, type EmulatorProcess } from './processes.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { control, tellStory } from './story.ts';
import { programPath } from '../../program-path.ts';
import { findCommand } from '../../environment/find-command.ts';
import { createPainter } from '../../terminal/render.ts';

type Context = Output & ProgramSearch & Pick<CliContext, 'signal'>;

export interface DemoOptions {
  readonly stay?: boolean;
}

export async function runDemo(options: DemoOptions, context: Context): Promise<number> {
  const startedAt = performance.now();
  const rolecall = programPath('cli');
  const emulator = await startEmulator(programPath('emulator'), context.signal);
  const home = createDemoHome({ ...context.environment, PATH: trustedPath(context) }, emulator.address.environment);
  let stays = false;
  try {
    const aws = await findAwsClient(programPath('caller-identity'), {
      environment: home.environment,
      signal: context.signal,
    });
    const hasCurl = 'path' in findCommand('curl', home.environment);
    await tellStory({ context, home, emulator: emulator.address, aws, hasCurl, rolecall });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    if (options.stay === true) {
      stays = true;
      await invite({ context, home, emulator, aws, rolecall });
    } else {
      context.stdout.write(
        `\nThat was the whole day, in ${seconds} s. The demo has left nothing on this machine.\n\n${whatToTryNext(context)}`,
      );
    }
    return 0;
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw new InternalError('internal', `The demo stopped: ${(error as Error).message}`, {
      hint: 'rolecall demo --debug',
      cause: error,
    });
  } finally {
    if (!stays) await cleanUp(home, emulator, rolecall);
  }
}

function whatToTryNext({ environment }: Context): string {
  const isByNpm = environment['npm_lifecycle_event'] === 'demo';
  const lines: readonly (readonly [command: string, does: string])[] = [
    [isByNpm ? 'npm run demo -- --stay' : 'rolecall demo --stay', 'the same, and keeps running for you to try things'],
    ...(isByNpm ? [['npm install -g rolecall', 'puts rolecall on your PATH'] as const] : []),
    ['rolecall login', 'signs in to your own AWS accounts'],
  ];
  return `Try next:\n${lines.map(([command, does]) => `    ${command.padEnd(24)}  ${does}\n`).join('')}`;
}

/** With --stay: signs in again and turns automatic approval off. */
async function invite(stage: {
  readonly context: Context;
  readonly home: DemoHome;
  readonly emulator: EmulatorProcess;
  readonly aws: AwsClient;
  readonly rolecall: string;
}): Promise<void> {
  const { context, home, emulator, aws, rolecall } = stage;
  const paint = createPainter(context.stdout, context.environment);
  const { address } = emulator;
  await runToEnd([process.execPath, rolecall, 'login', '--no-browser', '--json'], {
    environment: home.environment,
    signal: context.signal,
  });
  await control(address, 'PATCH', 'knobs', { autoApprove: false });
  const node = quoteForShell(process.execPath);
  const command = `${node} ${quoteForShell(rolecall)}`;
  context.stdout.write(
    `\n${paint('bold', 'Emulator and daemon keep running.')} To use them in this or another shell:\n\n` +
      `    . ${quoteForShell(home.environmentFile)}\n` +
      `    alias rolecall=${quoteForShell(command)}\n\n` +
      '    rolecall status\n' +
      `    ${aws.shellLine('taylor.Admin-AF-Permission-Set')}\n` +
      '    rolecall logout && rolecall login      # this time you press Allow on the page\n\n' +
      `Access portal   ${address.portalUrl}   (you are ${address.user})\n` +
      `Device page     ${address.deviceUrl}\n\n` +
      'When you are done:\n\n' +
      `    rolecall daemon stop --yes; kill ${emulator.pid}; rm -r ${quoteForShell(home.path)}\n`,
  );
  emulator.release();
}

async function cleanUp(home: DemoHome, emulator: EmulatorProcess, rolecall: string): Promise<void> {
  // Without the caller's signal, because this also has to run after Ctrl-C.
  await runToEnd([process.execPath, rolecall, 'daemon', 'stop'], {
    environment: home.environment,
    signal: new AbortController().signal,
  });
  await emulator.stop();
  await home.remove();
}
