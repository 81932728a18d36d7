// `rolecall console`: opens the AWS console as one role, or prints its URL.
import { CONSOLE_SERVICE } from '../../../core/aws/console-service.ts';
import { EXIT_INTERRUPTED, UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { ConsoleDocument } from '../../../local-api/schemas.ts';
import { protectedMark } from '../../picker/role-columns.ts';
import { createPainter, harmless } from '../../terminal/render.ts';
import { canAsk } from '../../picker/choose-profile.ts';
import { ensureSignedIn, withSignIn } from '../login/offer-sign-in.ts';
import { ensureApproved } from '../approvals/ensure-approved.ts';
import { chooseConsoleRole, isFederated } from './choose-role.ts';
import { describeConsole, describeEnd } from './describe-console.ts';
import { openConsole } from './open-console.ts';
import type { ConsoleContext, ConsoleOptions } from './options.ts';

export async function runConsole(
  words: readonly string[],
  options: ConsoleOptions,
  context: ConsoleContext,
): Promise<number> {
  const service = readService(options.service);
  const mayAsk = canAsk(context) && options.json !== true;
  const chosen = await withSignIn(() => chooseConsoleRole(words, { ...options, mayAsk }, context), { mayAsk }, context);
  if (chosen === undefined) return EXIT_INTERRUPTED;
  const { region, role } = chosen;
  // Without a sign-in the access portal asks for one itself.
  if (mayAsk) await ensureSignedIn(role.session, { mayAsk }, context);
  await ensureApproved(role, context);
  const found = await context.client.call(
    'console',
    {
      body: {
        ...role,
        ...(service === undefined ? {} : { service }),
        ...(region === undefined ? {} : { region }),
        ...(isFederated(options, role) ? { federated: true } : {}),
      },
    },
    { signal: context.signal },
  );
  warnOfProtection(found, context);
  if (options.json === true) context.stdout.write(formatJson(found));
  else if (options.print === true) print(found, context);
  else await openConsole(found, printingCommand(words, options), context);
  return 0;
}

function readService(given: string | undefined): string | undefined {
  const service = given?.toLowerCase();
  if (service === undefined || CONSOLE_SERVICE.test(service)) return service;
  throw new UsageError(
    'usage',
    `"${harmless(given ?? '')}" is not a service. Use the name in its console’s address, like ec2 or s3.`,
    {
      hint: 'rolecall console --help',
    },
  );
}

function warnOfProtection(found: ConsoleDocument, context: ConsoleContext): void {
  if (!found.protected) return;
  const { environment } = context;
  const paint = createPainter(context.stderr, environment);
  context.stderr.write(
    `${paint('red', `${protectedMark(environment)} ${describeConsole(found)}`)} is protected by your settings.\n`,
  );
}

function print(found: ConsoleDocument, context: ConsoleContext): void {
  context.stdout.write(`${found.url}\n`);
  if (!found.secret || context.stdout.isTTY !== true) return;
  context.stderr.write(
    `Anyone who opens this URL within 15 minutes is signed in as ${describeConsole(found)}, ${describeEnd(found, context)}.\n`,
  );
}

/** This command line with `--print`, for when the browser cannot be opened. */
function printingCommand(wanted: readonly string[], options: ConsoleOptions): string {
  const words = [
    ...wanted,
    ...(options.service === undefined ? [] : ['--service', options.service]),
    ...(options.region === undefined ? [] : ['--region', options.region]),
    ...(options.federated === true ? ['--federated'] : []),
    '--print',
  ];
  return ['rolecall', 'console', ...words.map(quoteForShell)].join(' ');
}
