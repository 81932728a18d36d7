// Checks the installed service: whether it belongs to this installation, runs, and starts at the next login.
import type { ServiceStatus } from '../../../service/service.ts';
import { harmless } from '../../terminal/render.ts';
import type { CheckGroup, Finding } from './codes.ts';
import type { World } from './world.ts';

export async function checkService({ context }: World): Promise<CheckGroup> {
  const group = { name: 'service', title: 'Service' };
  if ((await context.findInstalledService()) === undefined) {
    return { ...group, summary: 'not installed; the first command that needs the daemon starts it', findings: [] };
  }
  const status = await (await context.loadService()).status();
  return {
    ...group,
    summary: summarize(status),
    findings: [
      ...status.problems.map((problem) => toFinding(problem, status)),
      ...findDropped(status.droppedVariables),
    ],
  };
}

function summarize({ manager, startsWithDesktop }: ServiceStatus): string {
  return `installed, ${manager === null ? 'but no service manager runs' : `managed by ${manager}`}${startsWithDesktop ? '; starts with your desktop' : ''}`;
}

function toFinding({ code, message, hint }: ServiceStatus['problems'][number], { manager }: ServiceStatus): Finding {
  if (manager === null) return { code: 'service-without-manager', message, commands: ['rolecall service uninstall'] };
  // The log shows the cause; the restart comes after the fix.
  if (code === 'service-failed') {
    return { code: 'service-broken', message, commands: [hint, 'rolecall daemon restart'] };
  }
  return { code, message, commands: [hint] };
}

function findDropped(names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  const shown = names.map(harmless).join(', ');
  return [
    {
      code: 'environment-dropped',
      message: `The service manager has ${shown} in its environment. The daemon is started without ${names.length === 1 ? 'it' : 'them'}.`,
      commands: [`systemctl --user unset-environment ${names.join(' ')}`],
    },
  ];
}
