// Checks owners and modes: private directories, files with keys, and files that decide which program runs.
import { readdirSync, type Stats } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { shortenPath } from '../../terminal/render.ts';
import type { CheckGroup, DoctorCode, Finding } from './codes.ts';
import type { World } from './world.ts';
import { statIfPresentSync } from '../../../platform/files/stat-sync.ts';

interface Rule {
  readonly code: DoctorCode & ('directory-open' | 'file-readable-by-others' | 'file-writable-by-others');
  readonly mask: number;
  readonly change: string;
  readonly says: string;
}

const DIRECTORY: Readonly<Rule> = {
  code: 'directory-open',
  mask: 0o077,
  change: '700',
  says: 'can be entered by other users',
};
const SECRET: Readonly<Rule> = {
  code: 'file-readable-by-others',
  mask: 0o077,
  change: '600',
  says: 'contains keys or tokens and can be read by other users',
};
/** May contain the passphrase of the encrypted store, or a proxy with its password, for the service. */
const SERVICE_VARIABLES: Readonly<Rule> = {
  ...SECRET,
  says: 'may contain a passphrase or the password of a proxy, and can be read by other users',
};
const PASSPHRASE: Readonly<Rule> = {
  ...SECRET,
  says: 'contains the passphrase of the encrypted file and can be read by other users',
};
const CONFIG_COPY: Readonly<Rule> = {
  ...SECRET,
  says: 'contains a copy of your AWS config file, with any keys in it, and can be read by other users',
};
const DECIDES: Readonly<Rule> = {
  code: 'file-writable-by-others',
  mask: 0o022,
  change: 'go-w',
  says: 'decides which program runs for your credentials, and other users can change it',
};

export function checkFiles(world: World): CheckGroup {
  const looked = list(world).flatMap(([path, rule]) => {
    const found = statIfThere(path);
    return found === undefined ? [] : [{ path, rule, found }];
  });
  return {
    name: 'files',
    title: 'Files and modes',
    summary: looked.length === 0 ? 'none exist yet' : `${looked.length} checked: owners and modes are right`,
    findings: looked.flatMap(({ path, rule, found }) => examine(path, rule, found, world)),
  };
}

function list({ config, credentials, context }: World): (readonly [string, Rule])[] {
  const { paths, homeDirectory } = context;
  const cache = join(homeDirectory, '.aws', 'sso', 'cache');
  const adoptions = join(paths.stateDirectory, 'adoptions');
  return [
    ...[...paths.socketCandidates.map(dirname), paths.stateDirectory].map((path) => [path, DIRECTORY] as const),
    [credentials.path, SECRET],
    ...namesIn(cache).map((name) => [join(cache, name), SECRET] as const),
    ...namesIn(paths.stateDirectory)
      .filter((name) => /\.(json|log)$/u.test(name))
      .map((name) => [join(paths.stateDirectory, name), SECRET] as const),
    [join(paths.stateDirectory, 'service.env'), SERVICE_VARIABLES],
    [join(dirname(paths.settingsFile), 'environment'), SERVICE_VARIABLES],
    [paths.passphraseFile, PASSPHRASE],
    ...namesIn(adoptions).map((name) => [join(adoptions, name), CONFIG_COPY] as const),
    [config.path, DECIDES],
    [dirname(config.path), DECIDES],
    [paths.settingsFile, DECIDES],
    [join(dirname(paths.settingsFile), 'team.toml'), DECIDES],
    ...[paths.credentialProcessPath, paths.usualCredentialProcessPath]
      .filter((path, index, all) => all.indexOf(path) === index)
      .flatMap((path) => [[dirname(path), DECIDES] as const, [path, DECIDES] as const]),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function statIfThere(path: string): Stats | undefined {
  try {
    // Follows the user's own links (dotfiles).
    return statIfPresentSync(path);
  } catch {
    // Part of the path is a file or a circular link; the daemon check reports that.
    return undefined;
  }
}

function examine(path: string, rule: Rule, found: Stats, { context }: World): Finding[] {
  // A folder in place of a file, or the reverse, is reported by other checks.
  if (rule === DIRECTORY ? !found.isDirectory() : rule.code === 'file-readable-by-others' && !found.isFile()) return [];
  const shown = shortenPath(path, context.homeDirectory);
  if (found.uid !== context.userId) {
    return [
      {
        code: 'file-not-ours',
        message: `${shown} belongs to another user (uid ${found.uid}), not to you.`,
        commands: [`sudo chown "$(id -u)" ${quoteForShell(path)}`],
      },
    ];
  }
  if ((found.mode & rule.mask) === 0) return [];
  return [
    {
      code: rule.code,
      message: `${shown} ${rule.says} (mode ${(found.mode & 0o777).toString(8)}).`,
      commands: [`chmod ${rule.change} ${quoteForShell(path)}`],
      async fix() {
        const mode = found.mode & 0o777 & ~rule.mask;
        await chmod(path, mode);
        return `Changed the mode of ${shown} to ${mode.toString(8)}.`;
      },
    },
  ];
}
