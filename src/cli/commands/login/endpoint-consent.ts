// Shows endpoints that are not AWS's before a sign-in, and asks whether to continue.
import { once } from '../../../core/async/once.ts';
import { isAwsEndpoint } from '../../../core/aws/aws-endpoint.ts';
import { SignInRequiredError, UsageError } from '../../../core/errors.ts';
import { isLoopbackHost } from '../../../core/loopback.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { askYesNo } from '../../terminal/ask-yes-no.ts';
import type { Dialog, Output, Places } from '../../context.ts';
import { createPainter, harmless, shortenPath } from '../../terminal/render.ts';

type Context = Dialog & Output & Pick<Places, 'homeDirectory'>;

export interface EndpointConsent {
  /**
   * Shows the endpoints that are not AWS's and asks once for all sessions of a command.
   * @throws SignInRequiredError sign-in-required: the user declined
   * @throws UsageError usage: there is no terminal to ask in, and an endpoint is on another machine
   */
  require(): Promise<void>;
}

export function createEndpointConsent(
  status: Pick<StatusDocument, 'endpoints' | 'files'>,
  options: { readonly yes?: boolean },
  context: Context,
): EndpointConsent {
  const foreign = findForeign(status);

  async function ask(): Promise<void> {
    if (foreign.length === 0) return;
    const paint = createPainter(context.stderr, context.environment);
    for (const endpoint of foreign) {
      const { word, text } = describe(endpoint, context);
      context.stderr.write(`${paint('yellow', word)} ${text}\n`);
    }
    if (options.yes === true) return;
    if (context.stdinIsTerminal) {
      if (await askYesNo('Continue?', context)) return;
      throw new SignInRequiredError('sign-in-required', 'Sign-in cancelled.');
    }
    if (foreign.every(isOnThisMachine)) return;
    throw new UsageError('usage', "Not a terminal: pass --yes to sign in at an endpoint that is not AWS's.", {
      hint: 'rolecall login --yes',
    });
  }

  return { require: once(ask) };
}

interface ForeignEndpoint {
  readonly url: string;
  readonly variable: string;
  readonly source: 'settings' | 'environment';
  readonly settingsFile: string;
}

/** One entry per URL: an emulator serves all endpoints. */
function findForeign({ endpoints, files }: Pick<StatusDocument, 'endpoints' | 'files'>): ForeignEndpoint[] {
  const candidates = [
    ['AWS_ENDPOINT_URL_SSO_OIDC', endpoints.ssoOidc],
    ['AWS_ENDPOINT_URL_SSO', endpoints.sso],
    // Receives credentials to find out who signed in.
    ['AWS_ENDPOINT_URL_STS', endpoints.sts],
  ] as const;
  const found = new Map<string, ForeignEndpoint>();
  for (const [variable, inForce] of candidates) {
    if (inForce === undefined || isAwsEndpoint(inForce.url) || found.has(inForce.url)) continue;
    found.set(inForce.url, { ...inForce, variable, settingsFile: files.settings });
  }
  return [...found.values()];
}

const isOnThisMachine = ({ url }: ForeignEndpoint) => isLoopbackHost(new URL(url).hostname);

function describe(endpoint: ForeignEndpoint, { homeDirectory }: Context): { word: string; text: string } {
  const setBy =
    endpoint.source === 'settings'
      ? `[endpoints] in ${harmless(shortenPath(endpoint.settingsFile, homeDirectory))}`
      : `${endpoint.variable} when the daemon started`;
  const url = harmless(endpoint.url);
  if (isOnThisMachine(endpoint)) {
    return { word: 'Note:', text: `this sign-in goes to ${url} on this machine, not to AWS (set by ${setBy}).` };
  }
  return {
    word: 'Warning:',
    text: `this sign-in goes to ${url}, which is not AWS's (set by ${setBy}). Its operator can use the access that you approve.`,
  };
}
