// A registry on this machine that has one package, ours, and sends npm to the real one for all others.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** npm takes the versions of a package's npm-shrinkwrap.json only when a registry says that there is one, as npm's own does. */
export async function serveAsRegistry(archivePath, upstream) {
  const archive = readFileSync(archivePath);
  const manifest = JSON.parse(
    execFileSync('tar', ['-xzOf', archivePath, 'package/package.json'], { encoding: 'utf8' }),
  );
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const url = `http://127.0.0.1:${server.address().port}`;
    if (path === '/rolecall.tgz') return response.end(archive);
    if (path === '/rolecall') {
      const dist = {
        tarball: `${url}/rolecall.tgz`,
        integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
      };
      const version = { ...manifest, _id: `rolecall@${manifest.version}`, _hasShrinkwrap: true, dist };
      response.setHeader('content-type', 'application/json');
      return response.end(
        JSON.stringify({
          name: 'rolecall',
          'dist-tags': { latest: manifest.version },
          versions: { [manifest.version]: version },
        }),
      );
    }
    return response.writeHead(307, { location: new URL(path.slice(1), upstream).href }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
