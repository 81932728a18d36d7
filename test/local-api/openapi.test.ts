// The OpenAPI documents of the package are those that the daemon serves; `npm run docs` updates them.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeOpenApi } from '../../src/daemon/http/openapi.ts';
import { loadVersion } from '../../src/local-api/version.ts';

const pathOf = (surface: string) => fileURLToPath(new URL(`../../schemas/openapi-${surface}.json`, import.meta.url));

test.each(['socket', 'web', 'container'] as const)(
  'openapi-%s.json is up to date; `npm run docs` updates it',
  async (surface) => {
    const text = `${JSON.stringify(describeOpenApi(surface, loadVersion()), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(pathOf(surface));
  },
);
