// A registry on this machine with one package: takes what `npm publish` sends, hands it to `npm install`, and leaves all other packages to the real one.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const TOKEN = 'npm-token-of-the-local-registry';

/**
 * A registry for the package `name`; `upstream` is the address of the real one. It refuses a publish as npm's would, also
 * where that wants provenance: the manifest has to name the repository that the workflow runs in.
 */
export async function startRegistry({ name, repository, upstream }) {
  let published;
  const refusals = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method === 'PUT' && path === `/${name}`) {
      void readBody(request).then((text) => {
        const fault = findFault(request.headers.authorization, JSON.parse(text), repository);
        if (fault !== undefined) {
          refusals.push(fault);
          return answer(422, { error: fault });
        }
        published = JSON.parse(text);
        return answer(201, { ok: true });
      });
      return;
    }
    if (published !== undefined && path === `/${name}`) return answer(200, withoutAttachments(published));
    if (published !== undefined && path.startsWith(`/${name}/-/`)) return response.end(archiveOf(published));
    response.writeHead(302, { location: new URL(request.url ?? '', upstream).href }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${server.address().port}`;
  return {
    url: `http://${host}/`,
    /** For the user's npmrc. */
    settings: `registry=http://${host}/\n//${host}/:_authToken=${TOKEN}\n`,
    refusals,
    /** The manifest of what was published. */
    manifest: () => published?.versions[published['dist-tags'].latest],
    close: () => server.close(),
  };
}

function findFault(authorization, document, repository) {
  if (authorization !== `Bearer ${TOKEN}`) return 'You must be logged in to publish packages.';
  const manifest = Object.values(document.versions)[0];
  const { shasum, integrity } = manifest.dist;
  const archive = archiveOf(document);
  if (createHash('sha1').update(archive).digest('hex') !== shasum) return 'shasum does not match';
  const found = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  if (found !== integrity) return 'integrity does not match';
  // As npm compares them, without `git+` and `.git`.
  const url = manifest.repository?.url?.replace(/^git\+/, '').replace(/\.git$/, '') ?? '';
  return url === repository
    ? undefined
    : `Failed to validate repository information: package.json: "repository.url" is "${url}", expected to match "${repository}" from provenance`;
}

const archiveOf = ({ _attachments }) => Buffer.from(Object.values(_attachments)[0].data, 'base64');

const withoutAttachments = ({ _attachments, ...document }) => document;

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
