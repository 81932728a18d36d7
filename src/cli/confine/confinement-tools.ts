// Finds the programs that confine a command, and says how to install one that is missing.
import { existsSync } from 'node:fs';
import { UnavailableError } from '../../core/errors.ts';
import { findProgram, type ProgramSearch } from '../../platform/programs/find-program.ts';

export interface ConfinementTools {
  readonly bubblewrap: string;
  /** Undefined if the kernel has no keyrings. */
  readonly keyctl: string | undefined;
  /** For a network of its own. */
  readonly pasta: { readonly pasta: string; readonly unshare: string } | undefined;
}

/** The package of each program on Debian, Fedora, Arch and openSUSE alike, but for pasta. */
const PACKAGES = { bwrap: 'bubblewrap', keyctl: 'keyutils', pasta: 'passt', unshare: 'util-linux' } as const;
type Tool = keyof typeof PACKAGES;

const INSTALLERS = [
  ['apt-get', 'sudo apt-get install'],
  ['dnf', 'sudo dnf install'],
  ['pacman', 'sudo pacman -S'],
  ['zypper', 'sudo zypper install'],
  ['apk', 'doas apk add'],
] as const;

/**
 * The tools on Linux. Only folders that nobody else can write to are searched.
 * @throws UnavailableError confinement-unavailable: one is missing; the hint installs it
 */
export function findConfinementTools(
  search: ProgramSearch,
  options: {
    readonly hasOwnNetwork: boolean;
    /** The socket that makes such a network necessary, if nobody asked for one. */
    readonly hidden?: string | undefined;
  },
): ConfinementTools {
  const find = (tool: Tool, purpose: string): string => {
    const path = findProgram(tool, search);
    if (path !== undefined) return path;
    throw new UnavailableError('confinement-unavailable', `${tool} is not installed, which ${purpose}.`, {
      hint: installCommand(tool, search),
    });
  };
  const ownNetwork =
    options.hidden === undefined
      ? '--network=own needs'
      : `hides ${options.hidden} from a confined command; --network=host accepts that it could reach your desktop through it`;
  return {
    bubblewrap: find('bwrap', 'exec --confine needs to confine a command'),
    // Without it the command would have the keys of your login session in the kernel's keyring.
    keyctl: existsSync('/proc/keys')
      ? find('keyctl', 'exec --confine needs to hide the keyring of your session')
      : undefined,
    pasta: options.hasOwnNetwork
      ? {
          pasta: find('pasta', ownNetwork),
          unshare: find('unshare', ownNetwork),
        }
      : undefined,
  };
}

function installCommand(tool: Tool, search: ProgramSearch): string {
  const [, install] = INSTALLERS.find(([program]) => findProgram(program, search) !== undefined) ?? INSTALLERS[0];
  return `${install} ${PACKAGES[tool]}`;
}

/** sandbox-exec of macOS. @throws UnavailableError confinement-unavailable: it is missing, or this system has no such tool */
export function findSandboxExec(platform: NodeJS.Platform): string {
  const path = '/usr/bin/sandbox-exec';
  if (platform === 'darwin' && existsSync(path)) return path;
  throw new UnavailableError('confinement-unavailable', `exec --confine does not support this system (${platform}).`, {
    hint: 'rolecall exec --help',
  });
}
