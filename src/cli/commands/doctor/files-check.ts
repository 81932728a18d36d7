// Who may read and write what: the directories that only their owner may enter, files with keys, files that decide what is run.
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
  says: 'may be entered by others',
};
const SECRET: Readonly<Rule> = {
  code: 'file-readable-by-others',
  mask: 0o077,
  change: '600',
  says: 'holds keys or tokens and may be read by others',
};
/** The passphrase of the encrypted file store, and proxies with their password, are given to the service there. */
const SERVICE_VARIABLES: Readonly<Rule> = {
  ...SECRET,
  says: 'may hold a passphrase, or the password of a proxy, and may be read by others',
};
const CONFIG_COPY: Readonly<Rule> = {
  ...SECRET,
  says: 'has your AWS config file as it was, with any keys in it, and may be read by others',
};
const DECIDES: Readonly<Rule> = {
  code: 'file-writable-by-others',
  mask: 0o022,
  change: 'go-w',
  says: 'decides which program runs for your credentials, and others may write it',
};

export function checkFiles(world: World): CheckGroup {
  const looked = list(world).flatMap(([path, rule]) => {
    const found = statIfThere(path);
    return found === undefined ? [] : [{ path, rule, found }];
  });
  return {
    name: 'files',
    title: 'Files and modes',
    summary: looked.length === 0 ? 'none there yet' : `${looked.length} looked at: owners and modes are right`,
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
    ...namesIn(adoptions).map((name) => [join(adoptions, name), CONFIG_COPY] as const),
    [config.path, DECIDES],
    [dirname(config.path), DECIDES],
    [paths.settingsFile, DECIDES],
    [join(dirname(paths.settingsFile), 'team.toml'), DECIDES],
    [dirname(paths.credentialProcessPath), DECIDES],
    [paths.credentialProcessPath, DECIDES],
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
    // A link of the user's own (dotfiles) is followed.
    return statIfPresentSync(path);
  } catch {
    // A part of the path is a file, or a link in a circle: whoever needs it says so.
    return undefined;
  }
}

function examine(path: string, rule: Rule, found: Stats, { context }: World): Finding[] {
  // A folder in the place of a file, or a file in that of a folder, is told by whoever needs it.
  if (rule === DIRECTORY ? !found.isDirectory() : rule.code === 'file-readable-by-others' && !found.isFile()) return [];
  const shown = shortenPath(path, context.homeDirectory);
  if (found.uid !== context.userId) {
    return [
      {
        code: 'file-not-ours',
        message: `${shown} belongs to the user with the id ${found.uid}, not to you.`,
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
        await chmod(path, found.mode & 0o777 & ~rule.mask);
        return `${shown} is yours alone now.`;
      },
    },
  ];
}
