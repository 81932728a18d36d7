// A certificate authority that no machine trusts, as behind a proxy that re-signs TLS; made with openssl.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

export interface PrivateCa {
  /** The CA's certificate, a PEM file. */
  readonly path: string;
  readonly pem: string;
  /** Key and certificate of a server for these DNS names and IP addresses. */
  issue(names: readonly string[], options?: { readonly expired?: boolean }): { key: string; cert: string };
}

/** Makes a CA, its files in `folder`. */
export function createPrivateCa(folder: string): PrivateCa {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '30',
    '-subj',
    '/CN=Private CA',
    ...extensions,
  );
  let serial = 0;
  return {
    path: file('ca.pem'),
    pem: readFileSync(file('ca.pem'), 'utf8'),
    issue(names, options = {}) {
      serial += 1;
      const base = `server-${serial}`;
      const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
      writeFileSync(file(`${base}.ext`), `subjectAltName=${alternatives}\n`);
      openssl('req', ...newKey, '-keyout', `${base}.key`, '-out', `${base}.csr`, '-subj', '/CN=server');
      const validity =
        options.expired === true
          ? ['-not_before', '20200101000000Z', '-not_after', '20200102000000Z']
          : ['-days', '10'];
      openssl(
        'x509',
        '-req',
        '-in',
        `${base}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-out',
        `${base}.pem`,
        '-extfile',
        `${base}.ext`,
        '-set_serial',
        String(serial),
        ...validity,
      );
      return { key: readFileSync(file(`${base}.key`), 'utf8'), cert: readFileSync(file(`${base}.pem`), 'utf8') };
    },
  };
}
