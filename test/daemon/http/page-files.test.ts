// The files of the page: each is served with its type, without a token, and contains no data.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPageFiles } from '../../../src/daemon/http/page-files.ts';
import { createRig, type Rig } from '../../helpers/rig.ts';

const DIRECTORY = fileURLToPath(new URL('../../../src/web/', import.meta.url));
/** For the type checker. */
const NOT_SERVED = ['documents.d.ts', 'tsconfig.json'];
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

let rig: Rig;
let url = '';
beforeAll(async () => {
  rig = await createRig();
  url = rig.daemon().webUrl ?? '';
});
afterAll(() => rig.remove());

/** All JavaScript of src/core is shared with the page. */
const SHARED = ['search', 'text'].flatMap((folder) =>
  readdirSync(new URL(`../../../src/core/${folder}/`, import.meta.url))
    .filter((name) => name.endsWith('.js'))
    .map((name) => `../core/${folder}/${name}`),
);
const OWN = readdirSync(DIRECTORY, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !NOT_SERVED.includes(entry.name))
  .map((entry) => join(entry.parentPath, entry.name).slice(DIRECTORY.length));
const names = [...OWN, ...SHARED];
const pathOf = (name: string) => (name === 'page.html' ? '/' : new URL(name, 'http://localhost/').pathname);

test('are exactly those of src/web and those shared with the command line', () => {
  expect(createPageFiles(DIRECTORY).paths().toSorted()).toEqual(names.map(pathOf).toSorted());
  expect(names.length).toBeGreaterThan(10);
});

test.each(names)('%s is served unchanged without a token, with its type and every header', async (name) => {
  const answer = await fetch(`${url}${pathOf(name)}`);
  const headers = Object.fromEntries(answer.headers);
  expect({ status: answer.status, text: await answer.text() }).toEqual({
    status: 200,
    text: readFileSync(`${DIRECTORY}${name}`, 'utf8'),
  });
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'content-type': TYPES[name.split('.').at(-1) ?? ''],
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
});

test('load only each other, and contain no inline script or style', () => {
  const html = readFileSync(`${DIRECTORY}page.html`, 'utf8');
  const loaded = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path = '']) => path);
  expect(loaded.length).toBeGreaterThan(2);
  expect(loaded.filter((path) => !names.map(pathOf).includes(path))).toEqual([]);
  expect(html).not.toMatch(/<style|style=|\son[a-z]+=|<script(?![^>]*src=)/i);
  const scripts = names.filter((name) => name.endsWith('.js'));
  const imported = scripts.flatMap((name) =>
    [...readFileSync(`${DIRECTORY}${name}`, 'utf8').matchAll(/^(?:import .*|\}) from '(.*)';$/gm)].map(
      ([, path = '']) => new URL(path, new URL(pathOf(name), 'http://localhost')).pathname,
    ),
  );
  expect(new Set(imported)).toEqual(new Set(scripts.filter((name) => name !== 'page.js').map(pathOf)));
});

test('create no markup from text', () => {
  for (const name of names.filter((one) => one.endsWith('.js'))) {
    const text = readFileSync(`${DIRECTORY}${name}`, 'utf8');
    expect
      .soft({
        name,
        found:
          /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function|createContextualFragment|srcdoc/.exec(
            text,
          )?.[0],
      })
      .toEqual({ name, found: undefined });
  }
});

test('are read once, and tried again if they were missing', async () => {
  const missing = createPageFiles('/nowhere');
  await expect(missing.read('/page.js')).rejects.toMatchObject({ code: 'file-not-writable' });
  const files = createPageFiles(DIRECTORY);
  expect(await files.read('/page.js')).toBe(await files.read('/page.js'));
});
