// The JSON Schema of config.toml.
import { MAX_GLOB_CHARACTERS } from '../../core/text/glob.ts';

const text = { type: 'string', minLength: 1 } as const;
const flow = { enum: ['device', 'pkce', 'auto'] } as const;
const pattern = { type: 'string', minLength: 1, maxLength: MAX_GLOB_CHARACTERS } as const;
const matcher = { account_id: pattern, permission_set: pattern } as const;

const scalars = [{ type: 'string' }, { type: 'integer' }, { type: 'boolean' }] as const;
const extra = {
  type: 'object',
  description: 'extra keys for the profiles; a table becomes an indented block, such as s3',
  additionalProperties: {
    anyOf: [...scalars, { type: 'object', additionalProperties: { anyOf: scalars } }],
  },
} as const;

const table = <T extends object>(properties: T) =>
  ({ type: 'object', additionalProperties: false, properties }) as const;

export const settingsSchema = table({
  secret_store: { enum: ['keychain', 'file', 'memory'] },
  flow,
  on_expired: { enum: ['notify', 'wait', 'login'] },
  wait_seconds: { type: 'integer', minimum: 1, maximum: 55 },
  token_cache: { enum: ['auto', 'never'] },
  web_port: { type: 'integer', minimum: 0, maximum: 65535 },
  profiles: table({
    name: text,
    region: text,
    style: { enum: ['credential_process', 'sso'] },
    write: { enum: ['all', 'used', 'auto'] },
    include: { type: 'array', items: pattern },
    sync: { enum: ['on-login', 'manual'] },
    default_follows_current: { type: 'boolean' },
    exclude: { type: 'array', items: pattern },
  }),
  session: {
    type: 'object',
    additionalProperties: table({
      label: text,
      browser: text,
      flow,
      session_hours: { type: 'number', exclusiveMinimum: 0, maximum: 2160 },
    }),
  },
  endpoints: table({ sso_oidc: text, sso: text, sts: text }),
  network: table({ proxy: text, ca_bundle: text }),
  role: {
    type: 'array',
    items: table({ ...matcher, region: text, alias: text, pin: { type: 'boolean' }, extra }),
  },
  protect: {
    type: 'array',
    items: table({ session: pattern, ...matcher, remember_minutes: { type: 'integer', minimum: 0 } }),
  },
});
