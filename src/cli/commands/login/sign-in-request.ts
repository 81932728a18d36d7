// What `login` asks the daemon for: the flow that the user wants, and where the user's browser is.
import type { BrowserPlace } from '../../../core/aws/sign-in-flow.ts';
import { UsageError } from '../../../core/errors.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import type { SignInRequest } from '../../../local-api/start-sign-in.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import type { LoginContext, LoginOptions } from './options.ts';

type FlowOptions = Pick<LoginOptions, 'pkce' | 'useDeviceCode'>;

/** @throws UsageError usage: both flows */
export function refuseBothFlows({ pkce, useDeviceCode }: FlowOptions): void {
  if (pkce !== true || useDeviceCode !== true) return;
  throw new UsageError('usage', 'login takes --pkce or --use-device-code, not both.', {
    hint: 'rolecall login --help',
  });
}

/** The user has agreed to the endpoint before, or is asked before anything is shown. */
export async function createSignInRequest(
  session: string,
  options: FlowOptions & Pick<LoginOptions, 'browser' | 'force' | 'fresh'>,
  context: LoginContext,
): Promise<SignInRequest> {
  return {
    force: options.force === true || options.fresh === true,
    acceptEndpoint: true,
    browser: await findPlace(session, options, context),
    ...(options.pkce === true ? { flow: 'pkce' } : {}),
    ...(options.useDeviceCode === true ? { flow: 'device' } : {}),
  };
}

async function findPlace(
  session: string,
  { browser }: Pick<LoginOptions, 'browser'>,
  context: LoginContext,
): Promise<BrowserPlace> {
  if (!browser) return 'not-opened';
  // Settings that can't be read are reported when the page is opened.
  const command = await readBrowserSetting(context.paths.settingsFile, session, MAX_SETTINGS_BYTES).catch(
    () => undefined,
  );
  return context.findBrowserPlace(command);
}
