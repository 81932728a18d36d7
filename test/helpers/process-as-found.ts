// Makes a test file fail that changes the environment or the current folder for the files after it.
import { afterAll, expect } from 'vitest';

const before = { environment: { ...process.env }, folder: process.cwd() };

afterAll(() => {
  const names = Object.keys({ ...before.environment, ...process.env });
  // Names only: a value may be a secret, and what is printed may be public.
  const changed = names.filter((name) => process.env[name] !== before.environment[name]);
  if (process.cwd() !== before.folder) changed.push('the current folder');
  expect(changed, 'this file changes the process that later files run in').toEqual([]);
});
