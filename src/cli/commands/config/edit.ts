// `rolecall config edit`: opens the settings file in the user's editor and checks it afterwards.
import { chmodSync, rmSync } from 'node:fs';
import { RolecallError, UsageError } from '../../../core/errors.ts';
import { splitCommand } from '../../../core/text/browser-command.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import { readPrivateFile, writePrivateFile } from '../../../platform/files/private-file.ts';
import { statIfPresentSync } from '../../../platform/files/stat-sync.ts';
import type { CliContext, Dialog } from '../../context.ts';
import { findCommand } from '../../environment/find-command.ts';
import { askWithYesAsDefault } from '../../terminal/ask-yes-no.ts';
import { harmless, reportFailure, reportNote, shortenPath } from '../../terminal/render.ts';
import { describeRestart, isRestartNeeded, type CheckContext } from './check.ts';
import { NEW_SETTINGS_FILE } from './new-settings-file.ts';

type EditContext = CheckContext & Dialog & Pick<CliContext, 'runEditor'>;

type Editor = readonly [program: string, ...args: string[]];

/** @throws UsageError usage: there is no editor, or it fails; UnavailableError file-not-writable */
export async function runConfigEdit(context: EditContext): Promise<number> {
  const path = context.paths.settingsFile;
  const editor = findEditor(context);
  const before = await readPrivateFile(path, MAX_SETTINGS_BYTES);
  if (before === undefined) await writePrivateFile(path, NEW_SETTINGS_FILE);
  const shown = harmless(shortenPath(path, context.homeDirectory));
  for (;;) {
    try {
      await openEditor(editor, path, context);
    } catch (error) {
      if (before === undefined && (await readPrivateFile(path, MAX_SETTINGS_BYTES)) === NEW_SETTINGS_FILE) rmSync(path);
      throw error;
    }
    const after = await readPrivateFile(path, MAX_SETTINGS_BYTES);
    if (after === (before ?? NEW_SETTINGS_FILE)) {
      if (before === undefined) rmSync(path, { force: true });
      context.stderr.write('Nothing changed.\n');
      return 0;
    }
    const failure = await findFailure(context);
    if (failure === undefined) break;
    reportFailure(failure, context);
    if (!(await askWithYesAsDefault('Edit again?', context))) {
      reportNote('a daemon that starts now refuses these settings. To mend them: rolecall config edit', context);
      return failure.exitCode;
    }
  }
  context.stderr.write(`${shown} is valid.\n`);
  if ((await isRestartNeeded([path], context)) === true) context.stderr.write(describeRestart());
  return 0;
}

/** The editor as git finds it: $VISUAL, else $EDITOR, else the first of vi and nano that is installed. */
function findEditor({ environment, stdinIsTerminal }: EditContext): Editor {
  const wanted = environment['VISUAL'] || environment['EDITOR'];
  if (wanted !== undefined && wanted !== '') {
    const words = splitCommand(wanted);
    if (words !== undefined) return words;
    throw new UsageError('usage', `The editor "${wanted}" is not a command: a quote is not closed.`, {
      hint: 'export EDITOR=nano',
    });
  }
  if (!stdinIsTerminal) {
    throw new UsageError('usage', 'Not a terminal, and $EDITOR names no editor that needs none.', {
      hint: 'rolecall config path',
    });
  }
  const found = ['vi', 'nano'].find((name) => 'path' in findCommand(name, environment));
  if (found !== undefined) return [found];
  throw new UsageError('usage', 'Neither vi nor nano is installed, and $EDITOR names no other editor.', {
    hint: 'export EDITOR=NAME',
  });
}

/** Keeps the file private: some editors replace it by a new file. */
async function openEditor([program, ...args]: Editor, path: string, context: EditContext): Promise<void> {
  const found = findCommand(program, context.environment);
  if ('exitCode' in found) {
    throw new UsageError('usage', `The editor cannot be started: ${found.reason}`, { hint: 'export EDITOR=nano' });
  }
  const mode = modeOf(path);
  const exitCode = await context.runEditor(found.path, [...args, path]);
  const changed = modeOf(path);
  if (mode !== undefined && changed !== undefined && (changed & ~mode) !== 0) chmodSync(path, mode & changed);
  if (exitCode === 0) return;
  throw new UsageError('usage', `The editor ${program} ended with status ${exitCode}; the settings were not checked.`, {
    hint: 'rolecall config check',
  });
}

const modeOf = (path: string) => {
  const mode = statIfPresentSync(path)?.mode;
  return mode === undefined ? undefined : mode & 0o777;
};

async function findFailure(context: EditContext): Promise<RolecallError | undefined> {
  try {
    await context.describeSettings();
    return undefined;
  } catch (error) {
    if (error instanceof RolecallError && !context.signal.aborted) return error;
    throw error;
  }
}
