// A scripted systemd for the real service code, so that tests run on machines without systemd.
import { createSystemdService } from '../../src/service/systemd.ts';
import type { RunProgram, Service } from '../../src/service/service.ts';
import { loadVersion } from '../../src/local-api/version.ts';
import type { Rig } from '../helpers/rig.ts';

export interface ScriptedSystemd {
  /** Its programs, for the rig. */
  run(rig: Rig): RunProgram;
  /** Installs the service, and breaks it. */
  prepare(rig: Rig): Promise<void>;
  /** The effect of a rolecall command line on the manager. */
  type(words: string, rig: Rig): Promise<void>;
}

export function createScriptedSystemd(trouble: {
  readonly installedBy?: string;
  readonly socketState?: string;
  readonly isRunning?: boolean;
  /** Lines of `show-environment`. */
  readonly environment?: (rig: Rig) => string;
}): ScriptedSystemd {
  const units = { isRunning: true, socketState: 'active' };

  const run =
    (rig: Rig): RunProgram =>
    async (command) => {
      const [, , verb = '', ...args] = command;
      if (!units.isRunning) return { exitCode: 1, stdout: '', stderr: 'Failed to connect to bus' };
      if (verb === 'show-environment') return { exitCode: 0, stdout: trouble.environment?.(rig) ?? '', stderr: '' };
      if (verb !== 'show') return { exitCode: 0, stdout: '', stderr: '' };
      const stdout = args.includes('--value')
        ? `${rig.home.path}/.config/systemd/user /usr/lib/systemd/user\n`
        : `Id=rolecall.socket\nActiveState=${units.socketState}\nUnitFileState=enabled\n\nId=rolecall.service\nActiveState=inactive\nUnitFileState=enabled\nMainPID=0\n`;
      return { exitCode: 0, stdout, stderr: '' };
    };

  const create = (rig: Rig, nodePath: string): Service =>
    createSystemdService({
      environment: rig.environment,
      homeDirectory: rig.home.path,
      platform: 'linux',
      userId: process.getuid?.() ?? -1,
      paths: rig.paths,
      version: loadVersion(),
      nodePath,
      mainPath: process.execPath,
      run: run(rig),
    });
  const service = (rig: Rig) => create(rig, process.execPath);

  return {
    run,
    async prepare(rig) {
      await create(rig, trouble.installedBy ?? process.execPath).install(nothingToStop);
      units.isRunning = trouble.isRunning ?? true;
      units.socketState = trouble.socketState ?? 'active';
    },
    async type(words, rig) {
      if (words === 'service install') await service(rig).install(nothingToStop);
      if (words === 'service uninstall') await service(rig).uninstall();
      if (words === 'daemon start') units.socketState = 'active';
    },
  };
}

/** The rig's daemon runs in this process, not under the manager. */
const nothingToStop = async () => undefined;
