// Decides how a person signs in, device code or authorization code (PKCE), and says why.

/** How a person signs in: with a device code, or with an authorization code (PKCE) that the browser brings to this machine. */
export const SIGN_IN_FLOWS = ['device', 'pkce'] as const;
export type SignInFlow = (typeof SIGN_IN_FLOWS)[number];

/** The setting `flow`. `auto` decides by where the person's browser is. */
export const FLOW_SETTINGS = [...SIGN_IN_FLOWS, 'auto'] as const;
export type FlowSetting = (typeof FLOW_SETTINGS)[number];

/**
 * Where the browser of the person who signs in is. PKCE needs it `here`: its redirect goes to 127.0.0.1, and the
 * listener accepts connections of this user only. `not-opened` is `--no-browser`: the page may be opened anywhere.
 */
export const BROWSER_PLACES = ['here', 'ssh', 'container', 'wsl', 'no-display', 'not-opened'] as const;
export type BrowserPlace = (typeof BROWSER_PLACES)[number];

/** `asked`: for this sign-in, as with `--pkce`. `setting`: the setting names a flow. Otherwise `auto` saw this place. */
export const FLOW_REASONS = ['asked', 'setting', ...BROWSER_PLACES] as const;
export type FlowReason = (typeof FLOW_REASONS)[number];

/** Why a sign-in that should have used PKCE uses the device code. */
export const FLOW_FALLBACKS = ['pkce-refused', 'no-callback-port'] as const;
export type FlowFallback = (typeof FLOW_FALLBACKS)[number];

export interface FlowDecision {
  readonly flow: SignInFlow;
  readonly reason: FlowReason;
}

/** What was asked for wins over the setting; `auto` takes PKCE only if the browser is on this machine. */
export function decideFlow({
  asked,
  setting,
  browser,
}: {
  readonly asked?: SignInFlow | undefined;
  readonly setting: FlowSetting;
  readonly browser: BrowserPlace;
}): FlowDecision {
  if (asked !== undefined) return { flow: asked, reason: 'asked' };
  if (setting !== 'auto') return { flow: setting, reason: 'setting' };
  return { flow: browser === 'here' ? 'pkce' : 'device', reason: browser };
}

const FLOW_NAMES: Readonly<Record<SignInFlow, string>> = {
  device: 'device code',
  pkce: 'authorization code (PKCE)',
};

const PLACES: Readonly<Record<BrowserPlace, string>> = {
  here: 'a browser is on this machine',
  ssh: 'this is an SSH session',
  container: 'this is a container or a cloud workspace',
  wsl: 'the browser runs in Windows, outside of WSL',
  'no-display': 'there is no display here',
  'not-opened': '--no-browser leaves it to you where to open the page',
};

const REASONS: Readonly<Record<FlowReason | FlowFallback, string>> = {
  ...PLACES,
  asked: 'you asked for it',
  setting: 'your settings say so',
  'pkce-refused': 'Identity Center refused the authorization code',
  'no-callback-port': 'no port was free for the browser to return to',
};

/** A clause: `device code, because this is an SSH session`. */
export function describeFlow({
  flow,
  reason,
}: {
  readonly flow: SignInFlow;
  readonly reason: FlowReason | FlowFallback;
}): string {
  return `${FLOW_NAMES[flow]}, because ${REASONS[reason]}`;
}

/** A clause: `this is an SSH session`. */
export function describePlace(place: BrowserPlace): string {
  return PLACES[place];
}
