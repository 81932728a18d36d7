// Runs the examples of a page exactly as printed, with real clients, and knows the output that the page shows for each.
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { GO_BUILD, goCommand } from '../helpers/go-build.ts';
import type { Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess, type ProcessRun } from '../helpers/run-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
export const BUILD_DEADLINE_MS = 300_000;

export interface Example {
  /** Its heading, language and line. */
  readonly name: string;
  readonly language: string;
  readonly text: string;
  /** The lines of output that the page shows. */
  readonly shown: readonly string[];
}

/** Each block that is marked with `mark`. */
export function findExamples(page: string, mark = 'run'): Example[] {
  const blocks = page.matchAll(new RegExp(`\`\`\`(\\w+) ${mark}\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...blocks].map(({ index, 1: language = '', 2: text = '' }) => {
    const heading = page
      .slice(0, index)
      .match(/^## .*$/gm)
      ?.at(-1);
    return {
      name: `${heading?.slice(3) ?? ''}: ${language}, line ${page.slice(0, index).split('\n').length}`,
      language,
      text,
      shown: [...text.matchAll(/^\s*(?:#|\/\/) → (.*)$/gm)].map(([, line = '']) => line),
    };
  });
}

/** The environment of the rig with `rolecall` and its clients in PATH. */
export function readerEnvironment(rig: Rig): Record<string, string> {
  const bin = join(rig.home.path, 'own-bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\nexec '${process.execPath}' '${ROLECALL}' "$@"\n`, { mode: 0o755 });
  symlinkSync(AWS, join(bin, 'aws'));
  symlinkSync(PYTHON, join(bin, 'python3'));
  return { ...rig.environment, PATH: `${bin}:${rig.environment['PATH']}`, AWS_PAGER: '' };
}

/** Runs a block as a reader would, in its own folder below `directory`. */
export function runExample(
  { language, text }: Pick<Example, 'language' | 'text'>,
  { environment, directory }: { readonly environment: Record<string, string>; readonly directory: string },
): Promise<ProcessRun> {
  const folder = mkdtempSync(join(directory, 'example-'));
  const write = (name: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const options = { environment, cwd: folder, deadlineMs: 120_000 };
  switch (language) {
    case 'sh':
      return runProcess('sh', ['-eu', write('example.sh')], options);
    case 'python':
      return runProcess(PYTHON, [write('example.py')], options);
    case 'js':
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      return runProcess(process.execPath, [write('example.mjs')], options);
    case 'go': {
      const [program, ...args] = goCommand('run', write('example.go'));
      return runProcess(program, args, {
        ...options,
        environment: { ...environment, AWS_REGION: 'us-east-1', ...GO_BUILD },
        deadlineMs: BUILD_DEADLINE_MS,
      });
    }
    default:
      throw new Error(`nothing runs ${language}`);
  }
}

/** Matches one line of output of the page; `…` stands for any text. */
export const asPattern = (line: string): unknown =>
  expect.stringMatching(
    new RegExp(
      `^${line
        .split('…')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
        .join('.+')}$`,
    ),
  );
