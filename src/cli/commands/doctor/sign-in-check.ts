// Shows how a sign-in from this shell works and why, and reports a setting that cannot work here.
import { decideFlow, describeFlow, describePlace } from '../../../core/aws/sign-in-flow.ts';
import { BrowserFailure } from '../../../core/text/browser-command.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import { count } from '../../terminal/render.ts';
import type { CheckGroup, Finding, SessionFlow } from './codes.ts';
import type { World } from './world.ts';

export async function checkSignIn({ daemon, context }: World): Promise<CheckGroup> {
  const group = { name: 'sign-in', title: 'Sign-in' };
  if (daemon.state !== 'running') {
    return { ...group, skipped: true, summary: 'not checked: the daemon is not running', findings: [] };
  }
  const { files, sessions } = daemon.status;
  const flows: SessionFlow[] = [];
  const findings: Finding[] = [];
  for (const { session, flow } of sessions) {
    // An older daemon does not tell its setting.
    if (flow === undefined) continue;
    const browser = await context.findBrowserPlace(await readBrowser(files.settings, session));
    flows.push({ session, setting: flow.setting, ...decideFlow({ setting: flow.setting, browser }) });
    // A browser in Windows may reach us. Who sets this under WSL has probably tried.
    if (flow.setting !== 'pkce' || browser === 'here' || browser === 'wsl') continue;
    findings.push({
      code: 'sign-in-without-browser',
      message:
        `flow = "pkce" is set for ${session}, but ${describePlace(browser)}, and the browser has to run on this machine. ` +
        'Sign in from here with --use-device-code, or set flow = "auto".',
      commands: [editCommand(files.settings), 'rolecall daemon restart'],
    });
  }
  const ways = new Map<string, string[]>();
  for (const flow of flows) {
    const way = describeFlow(flow);
    ways.set(way, [...(ways.get(way) ?? []), flow.session]);
  }
  const [only = sessions.length > 0 ? 'device code, because the daemon is older' : 'no sso-session'] = ways.keys();
  return {
    ...group,
    summary: ways.size > 1 ? `differs between ${count(flows.length, 'sso-session')}` : only,
    details: ways.size > 1 || findings.length > 0 ? [...ways].map(([way, names]) => `${names.join(', ')}: ${way}`) : [],
    flows,
    findings,
  };
}

/** The browser check of `login` reports settings that can't be read. */
async function readBrowser(settingsFile: string, session: string): Promise<string | undefined> {
  try {
    return await readBrowserSetting(settingsFile, session, MAX_SETTINGS_BYTES);
  } catch (error) {
    if (error instanceof BrowserFailure) return undefined;
    throw error;
  }
}
