// Opening what is shared with a confined command, with symlinks that lead elsewhere.
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findHiddenProgram, readableOptions } from '../../../src/cli/confine/find-inside.ts';
import { openSharedPaths, type OpenedPaths } from '../../../src/cli/confine/open-shared-paths.ts';
import { createPathRules } from '../../../src/cli/confine/protected-paths.ts';
import { resolvePaths } from '../../../src/local-api/paths.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
let project: string;
let opened: OpenedPaths | undefined;
beforeEach(() => {
  home = createTemporaryHome();
  project = join(home.path, 'project');
  for (const name of ['project/build', '.aws', 'tools/bin']) mkdirSync(join(home.path, name), { recursive: true });
});
afterEach(async () => {
  opened?.close();
  opened = undefined;
  await home.remove();
});

function open(
  options: {
    readonly readable?: readonly string[];
    readonly writable?: readonly string[];
    readonly isReadOnly?: boolean;
  },
  workingDirectory = project,
): OpenedPaths {
  const sources = { environment: home.environment, homeDirectory: home.path, platform: 'linux', userId: 4711 } as const;
  opened = openSharedPaths(
    { readable: [], writable: [], isReadOnly: false, ...options },
    {
      ...sources,
      workingDirectory,
      rules: createPathRules({ ...sources, paths: resolvePaths(sources) }, (path) => path),
    },
  );
  return opened;
}
const brief = ({ shared }: OpenedPaths) => shared.map(({ path, isWritable }) => `${isWritable ? 'rw' : 'ro'} ${path}`);

test('the working directory is writable, and paths come after those that contain them', () => {
  const { workingDirectory } = open({ readable: ['build', '~/tools'] });
  expect(workingDirectory).toBe(project);
  expect(brief(open({ readable: ['build', '~/tools'] }))).toEqual([
    `rw ${project}`,
    `ro ${project}/build`,
    `ro ${home.path}/tools`,
  ]);
  expect(brief(open({ isReadOnly: true, writable: ['build'] }))).toEqual([`ro ${project}`, `rw ${project}/build`]);
});

test('a path given twice may be written if one of the two says so', () => {
  expect(brief(open({ readable: ['build'], writable: ['build', project] }))).toEqual([
    `rw ${project}`,
    `rw ${project}/build`,
  ]);
});

test('a symlink out of a folder that confined commands write to is refused, as one of them may have made it', () => {
  const made = /is a symlink to \S+, which a confined command could have made/;
  mkdirSync(join(home.path, '.ssh'));
  symlinkSync('../.ssh', join(project, 'cache'));
  expect(() => open({ readable: ['cache'] })).toThrow(made);
  expect(() => open({ writable: [join(project, 'cache')], isReadOnly: true })).toThrow(made);
  symlinkSync(join(home.path, '.ssh'), join(home.path, 'tools/bin/keys'));
  expect(() => open({ writable: ['~/tools'], readable: ['~/tools/bin/keys'] })).toThrow(made);
  // Not out of it, or where no confined command writes.
  symlinkSync('build', join(project, 'output'));
  expect(brief(open({ readable: ['output', '~/tools/bin/keys'] }))).toEqual([
    `ro ${home.path}/.ssh`,
    `rw ${project}`,
    `ro ${project}/build`,
  ]);
});

test('a symlink counts as what it leads to', () => {
  symlinkSync(join(home.path, 'tools'), join(home.path, 'link'));
  expect(brief(open({ writable: ['../link'] }))).toEqual([`rw ${project}`, `rw ${home.path}/tools`]);
  symlinkSync(home.path, join(project, 'home'));
  expect(() => open({ writable: ['home'] })).toThrow('it is your home');
  symlinkSync('../.aws', join(project, 'aws'));
  expect(() => open({ readable: ['aws'] })).toThrow('it is the AWS files');
  expect(() => open({}, join(project, 'home'))).toThrow('the working directory');
});

test('what does not exist is an error: bubblewrap would make it', () => {
  expect(() => open({ writable: ['nothing'] })).toThrow(
    expect.objectContaining({ message: '--writable nothing does not exist.', hint: `mkdir -p ${project}/nothing` }),
  );
  expect(() => open({ readable: [''] })).toThrow('does not exist');
});

test.skipIf(process.platform !== 'linux')('opens exactly the path that was checked', () => {
  for (const { path, descriptor } of open({ readable: ['build'] }).shared) {
    expect(readlinkSync(`/proc/self/fd/${descriptor}`)).toBe(path);
  }
});

test('a program that is hidden is reported with what to share', () => {
  const program = (path: string) => {
    mkdirSync(join(home.path, path, '..'), { recursive: true });
    writeFileSync(join(home.path, path), '#!/bin/sh\n', { mode: 0o755 });
  };
  program('.nvm/versions/node/v22/bin/its-tool');
  program('.local/share/agent/1.2/agent');
  program('project/run');
  mkdirSync(join(home.path, '.local/bin'));
  symlinkSync(join(home.path, '.local/share/agent/1.2/agent'), join(home.path, '.local/bin/agent'));
  const view = {
    visible: ['/usr', '/bin', project],
    homeDirectory: home.path,
    workingDirectory: project,
    environment: { PATH: `${home.path}/.nvm/versions/node/v22/bin:${home.path}/.local/bin:/bin` },
  };
  const find = (word: string, more: readonly string[] = []) =>
    findHiddenProgram(word, { ...view, visible: [...view.visible, ...more] })?.share.map((path) =>
      path.replace(home.path, '~'),
    );
  expect(find('sh')).toBeUndefined();
  expect(find(join(project, 'run'))).toBeUndefined();
  expect(find('its-tool')).toEqual(['~/.nvm/versions/node/v22']);
  expect(find('its-tool', [join(home.path, '.nvm')])).toBeUndefined();
  expect(find('agent')).toEqual(['~/.local/bin', '~/.local/share/agent/1.2']);
  expect(readableOptions(['/a b', '/c'])).toBe("--readable '/a b' --readable /c");
});
