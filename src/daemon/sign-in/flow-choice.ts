// Decides the flow of each sign-in from the settings and from where the browser is.
import { decideFlow, type BrowserPlace, type FlowDecision } from '../../core/aws/sign-in-flow.ts';
import { oncePerKey } from '../../core/async/once.ts';
import type { SignInFlow } from '../../core/model.ts';
import { flowOf, type Settings } from '../settings/settings.ts';

export type FindBrowserPlace = (browserCommand: string | undefined) => BrowserPlace;

export interface FlowRequest {
  /** Asked for explicitly. */
  readonly flow?: SignInFlow | undefined;
  /** Where the caller's browser is. Absent: where the daemon would open one. */
  readonly browser?: BrowserPlace | undefined;
}

export type ChooseFlow = (sessionName: string, request?: FlowRequest) => FlowDecision;

export function createChooseFlow(deps: {
  readonly settings: Pick<Settings, 'file' | 'flow' | 'browsers'>;
  /** Where the daemon's browser is, given the session's command for it. Absent: nowhere. */
  readonly findBrowserPlace?: FindBrowserPlace | undefined;
}): ChooseFlow {
  const findPlace = oncePerKey((sessionName: string): BrowserPlace => {
    const command = deps.settings.browsers.get(sessionName)?.template;
    return deps.findBrowserPlace?.(command) ?? 'no-display';
  });
  return (sessionName, { flow, browser } = {}) =>
    decideFlow({
      asked: flow,
      setting: flowOf(deps.settings, sessionName),
      browser: browser ?? findPlace(sessionName),
    });
}
