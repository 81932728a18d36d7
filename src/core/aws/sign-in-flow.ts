// Decides how a person signs in, device code or authorization code (PKCE), and says why.

/** How a person signs in: with a device code, or with an authorization code (PKCE) that the browser brings to this machine. */
export type SignInFlow = 'device' | 'pkce';

/** The setting `flow`. `auto` decides by where the person's browser is. */
export type FlowSetting = SignInFlow | 'auto';

/**
 * Where the browser of the person who signs in is. PKCE needs it `here`: its redirect goes to 127.0.0.1, and the
 * listener accepts connections of this user only. `not-opened` is `--no-browser`: the page may be opened anywhere.
 */
export type BrowserPlace = 'here' | 'ssh' | 'container' | 'wsl' | 'no-display' | 'not-opened';

/** `asked`: for this sign-in, as with `--pkce`. `setting`: the setting names a flow. Otherwise `auto` saw this place. */
export type FlowReason = 'asked' | 'setting' | BrowserPlace;

export interface FlowDecision {
  readonly flow: SignInFlow;
  readonly reason: FlowReason;
}

/** The values of `BrowserPlace` and `FlowReason`, for schemas. */
export const BROWSER_PLACES = ['here', 'ssh', 'container', 'wsl', 'no-display', 'not-opened'] as const;
export const FLOW_REASONS = ['asked', 'setting', ...BROWSER_PLACES] as const;

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

/** Why a sign-in that should have used PKCE uses the device code. */
export type FlowFallback = 'pkce-refused' | 'no-callback-port';

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
