// Shows endpoints that are not AWS's before a sign-in, and asks whether to continue.
import { isAwsEndpoint } from '../../../core/aws/aws-endpoint.ts';
import { SignInRequiredError, UsageError } from '../../../core/errors.ts';
import { isLoopbackUrl } from '../../../core/loopback.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { describeAwsEndpoint, type SessionEndpoint } from '../../session-endpoint.ts';
import { askYesNo } from '../../terminal/ask-yes-no.ts';
import type { Dialog, Output, Places } from '../../context.ts';
import { createPainter, harmless, shortenPath } from '../../terminal/render.ts';

type Context = Dialog & Output & Pick<Places, 'homeDirectory'>;

export interface EndpointConsent {
  /**
   * Shows where the session's sign-in goes, unless it goes to AWS's default endpoints, and asks about endpoints that
   * are not AWS's. Asks about each endpoint once, whatever number of sessions use it.
   * @throws SignInRequiredError sign-in-required: the user declined
   * @throws UsageError usage: there is no terminal to ask in, and an endpoint is on another machine
   */
  require(sessionName: string): Promise<void>;
}

type Status = Pick<StatusDocument, 'endpoints' | 'files' | 'sessions'>;

export function createEndpointConsent(
  status: Status,
  options: { readonly yes?: boolean },
  context: Context,
): EndpointConsent {
  const accepted = new Set<string>();
  const noted = new Set<string>();
  const paint = createPainter(context.stderr, context.environment);
  const show = (word: string, text: string) => context.stderr.write(`${paint('yellow', word)} ${text}\n`);

  async function ask(foreign: readonly ForeignEndpoint[]): Promise<void> {
    for (const endpoint of foreign) {
      const { word, text } = describe(endpoint);
      show(word, text);
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

  return {
    async require(sessionName) {
      const own = status.sessions.find(({ session }) => session === sessionName)?.endpoints ?? [];
      const foreign = findForeign(status, own, context).filter(({ url }) => !accepted.has(url));
      if (foreign.length > 0) await ask(foreign);
      for (const { url } of foreign) accepted.add(url);
      const variant = describeAwsEndpoint(own);
      if (variant === undefined || noted.has(sessionName)) return;
      noted.add(sessionName);
      show('Note:', `this sign-in uses ${variant}.`);
    },
  };
}

interface ForeignEndpoint {
  readonly url: string;
  readonly setBy: string;
}

/** One entry per URL: an emulator serves all endpoints. */
function findForeign(
  { endpoints, files }: Status,
  own: readonly SessionEndpoint[],
  { homeDirectory }: Context,
): ForeignEndpoint[] {
  const shared = [
    ['oidc', 'AWS_ENDPOINT_URL_SSO_OIDC', endpoints.ssoOidc],
    ['portal', 'AWS_ENDPOINT_URL_SSO', endpoints.sso],
    // Receives credentials to find out who signed in.
    ['sts', 'AWS_ENDPOINT_URL_STS', endpoints.sts],
  ] as const;
  const settings = harmless(shortenPath(files.settings, homeDirectory));
  const found = new Map<string, ForeignEndpoint>();
  for (const [service, variable, inForce] of shared) {
    const custom = own.find((endpoint) => endpoint.service === service && endpoint.kind === 'custom');
    const url = custom?.url ?? inForce?.url;
    if (url === undefined || isAwsEndpoint(url) || found.has(url)) continue;
    const shared =
      inForce?.source === 'settings' ? `[endpoints] in ${settings}` : `${variable} when the daemon started`;
    found.set(url, { url, setBy: custom === undefined ? shared : harmless(custom.setBy) });
  }
  return [...found.values()];
}

const isOnThisMachine = ({ url }: ForeignEndpoint) => isLoopbackUrl(url);

function describe(endpoint: ForeignEndpoint): { word: string; text: string } {
  const { setBy } = endpoint;
  const url = harmless(endpoint.url);
  if (isOnThisMachine(endpoint)) {
    return { word: 'Note:', text: `this sign-in goes to ${url} on this machine, not to AWS (set by ${setBy}).` };
  }
  return {
    word: 'Warning:',
    text: `this sign-in goes to ${url}, which is not AWS's (set by ${setBy}). Its operator can use the access that you approve.`,
  };
}
