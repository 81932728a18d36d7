// Type-checks a program that uses the staged package, as its users configure their compilers, with the examples of the docs.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is promised without Node's own types: the client's. */
const USES_TYPES = `import { createClient, RolecallError, type Client, type Role, type Status } from 'rolecall/client';
const client: Client = createClient({ startDaemon: true, timeoutMs: 5000 });
const status: Status = await client.status({ signal: AbortSignal.timeout(1000) });
const names: readonly string[] = status.sessions.map(({ session }) => session);
const { roles } = await client.roles();
const role: Role | undefined = roles[0];
if (role !== undefined) {
  const { Version, Expiration } = await client.credentials(role);
  const one: 1 = Version;
  const text: string = Expiration;
  console.log(one, text);
}
const { locked } = await client.call('lock', {});
for await (const event of client.events()) {
  if (event.type === 'sign-in') console.log(event.data.signIn?.state === 'approved', locked);
}
const failure = new RolecallError('no', { code: 'x', hint: 'y', exitCode: 1 });
const wait: number | undefined = failure.retryAfterMs;
// @ts-expect-error -- not an operation
await client.call('nonsense', {});
// @ts-expect-error -- a role needs all three
await client.credentials({ session: 'x' });
console.log(names, wait);
`;

const COMMON = { target: 'es2022', strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false };
const COMPILERS = {
  nodenext: { module: 'nodenext', types: ['node'] },
  node16: { module: 'node16', types: ['node'] },
  bundler: { module: 'preserve', moduleResolution: 'bundler', types: ['node'] },
  'without the types of Node': { module: 'nodenext', lib: ['es2022', 'dom', 'dom.asynciterable'], types: [] },
};

/** What the compiler of a user says against the package in `folder`, as lines. */
export function findTypeFaults(root, folder) {
  const scratch = mkdtempSync(join(tmpdir(), 'rolecall-consumer-'));
  try {
    mkdirSync(join(scratch, 'node_modules', '@types'), { recursive: true });
    symlinkSync(folder, join(scratch, 'node_modules', 'rolecall'));
    for (const name of ['@types/node', 'undici-types', '@aws-sdk', '@smithy', 'vitest', '@vitest']) {
      symlinkSync(join(root, 'node_modules', name), join(scratch, 'node_modules', name));
    }
    writeFileSync(join(scratch, 'package.json'), '{ "type": "module", "private": true }');
    writeFileSync(join(scratch, 'uses-types.ts'), USES_TYPES);
    const examples = ['client.md'].flatMap((page) => writeExamples(root, page, scratch));
    if (examples.length === 0) return ['docs/client.md has no examples to type-check'];
    return Object.entries(COMPILERS).flatMap(([name, options]) => {
      const files = options.types.length === 0 ? ['uses-types.ts'] : ['uses-types.ts', ...examples];
      const compilerOptions = { ...COMMON, allowJs: true, checkJs: true, ...options };
      writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const tsc = join(root, 'node_modules', '.bin', 'tsc');
      const { status, stdout } = spawnSync(tsc, ['-p', scratch, '--pretty', 'false'], {
        cwd: scratch,
        encoding: 'utf8',
      });
      return status === 0
        ? []
        : stdout
            .trim()
            .split('\n')
            .map((line) => `types, ${name}: ${line}`);
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Writes the blocks of JavaScript and TypeScript of a page; the names of the files. */
function writeExamples(root, page, scratch) {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return [...text.matchAll(/^```(?<language>js|ts)\b.*\n(?<code>[\s\S]*?)^```/gm)].map(({ groups }, index) => {
    const name = `${page.replace('.md', '')}-${index + 1}.${groups.language}`;
    writeFileSync(join(scratch, name), groups.code);
    return name;
  });
}
