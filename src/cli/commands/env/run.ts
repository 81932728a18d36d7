// `rolecall env`: prints keys as variables, for tools that support nothing else. They expire and are not renewed.
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { BESIDE_KEYS, regionVariables } from '../../environment/child-environment.ts';
import { canAsk, chooseProfile } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { ensureApproved } from '../approvals/ensure-approved.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { LoginContext } from '../login/options.ts';
import { chooseRegion, fetchCredentials, keyVariables } from '../../profiles/granted-role.ts';
import { formatDuration } from '../../terminal/render.ts';
import { formatVariables, guessFormat, VARIABLE_FORMATS, type VariableFormat } from '../../shell/shell-variables.ts';

export interface EnvOptions {
  readonly shell?: string;
  readonly region?: string;
  readonly json?: boolean;
}

export async function runEnv(
  words: readonly string[],
  options: EnvOptions,
  context: PickerContext & LoginContext,
): Promise<number> {
  const format = chooseFormat(options.json === true ? 'json' : options.shell, context.environment['SHELL']);
  const mayAsk = canAsk(context);
  const request = { purpose: 'in this shell', command: 'rolecall env', mayAsk };
  const profile = await withSignIn(() => chooseProfile(words, request, context), { mayAsk }, context);
  if (profile === undefined) return EXIT_INTERRUPTED;
  const region = chooseRegion(options.region, profile);
  const { session } = profile;
  await withSignIn(() => ensureApproved(profile, context), { mayAsk, session }, context);
  const credentials = await withSignIn(() => fetchCredentials(profile, context), { mayAsk, session }, context);
  const text = formatVariables(format, {
    set: { ...keyVariables(credentials), ...regionVariables(region) },
    unset: BESIDE_KEYS,
  });
  context.stdout.write(text);
  if (context.stdout.isTTY === true) {
    const name = quoteForShell(profile.profileName);
    const left = formatDuration(Date.parse(credentials.Expiration) - context.clock.nowMs());
    context.stderr.write(
      `These are secrets, valid for ${left}. To use them without showing them: ${useLine(format, name)}\n`,
    );
  }
  return 0;
}

function useLine(format: VariableFormat, name: string): string {
  const command = `rolecall env ${name}`;
  const lines: Readonly<Record<VariableFormat, string>> = {
    bash: `eval "$(${command})"`,
    zsh: `eval "$(${command})"`,
    fish: `${command} | source`,
    powershell: `${command} | Out-String | Invoke-Expression`,
    dotenv: `${command} --shell dotenv > .env`,
    json: `${command} --shell json | jq`,
  };
  return lines[format];
}

function chooseFormat(wished: string | undefined, shell: string | undefined): VariableFormat {
  const format = wished === undefined ? guessFormat(shell) : VARIABLE_FORMATS.find((name) => name === wished);
  if (format !== undefined) return format;
  throw new UsageError('usage', `"${wished ?? shell}" is not one of ${VARIABLE_FORMATS.join(', ')}.`, {
    hint: 'rolecall env --help',
  });
}
