// The JSON Schema of config.toml, and the type that follows from it.
import type { FromSchema } from 'json-schema-to-ts';
import { MAX_ROLE_SECONDS } from '../../core/aws/chain-fields.ts';
import { MIN_CHAINED_SECONDS } from '../../core/aws/chain-role.ts';
import { FLOW_SETTINGS } from '../../core/aws/sign-in-flow.ts';
import { MAX_GLOB_CHARACTERS } from '../../core/text/glob.ts';
import { DEFAULT_CHAIN_TEMPLATE, DEFAULT_NAME_TEMPLATE } from '../../core/name-template.ts';
import { VERSION_PATTERN } from './newer-keys.ts';
import { APPROVE_FOR, APPROVE_SETTINGS, MAX_REMEMBER_MINUTES } from './approve-settings.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Adds the text that editors and docs/settings.md show. */
const about = <const S extends Schema>(description: string, schema: S): S & { readonly description: string } => ({
  description,
  ...schema,
});

const text = { type: 'string', minLength: 1 } as const;
const flow = { enum: FLOW_SETTINGS } as const;
const renew = { enum: ['never', 'ask'] } as const;
const pattern = { type: 'string', minLength: 1, maxLength: MAX_GLOB_CHARACTERS } as const;
const matcher = {
  account_id: about('account id, or a pattern', { ...pattern, default: '*' }),
  permission_set: about('name of the permission set, or a pattern', { ...pattern, default: '*' }),
} as const;

const scalars = [{ type: 'string' }, { type: 'integer' }, { type: 'boolean' }] as const;
const extra = {
  type: 'object',
  description: 'more keys for the profiles; a table becomes an indented block, such as `s3`',
  additionalProperties: {
    anyOf: [...scalars, { type: 'object', additionalProperties: { anyOf: scalars } }],
  },
} as const;

const table = <const T extends object>(description: string, properties: T) =>
  ({ type: 'object', description, additionalProperties: false, properties }) as const;

const endpoints = {
  sso_oidc: about('URL for the sign-in', text),
  sso: about('URL of the access portal API', text),
  sts: about('URL of STS', text),
} as const;

/** The versions that a settings file is for. */
export const fileVersions = {
  min_version: about(
    'oldest rolecall that may use the file; an older one refuses a team file, and warns of a config.toml',
    {
      type: 'string',
      pattern: VERSION_PATTERN,
    },
  ),
  written_for: about(
    'newest rolecall whose keys the file has; an older one ignores keys that it does not know, and warns',
    {
      type: 'string',
      pattern: VERSION_PATTERN,
    },
  ),
} as const;

export const settingsSchema = table('settings of rolecall', {
  secret_store: about('where tokens are stored', { enum: ['keychain', 'file', 'memory'], default: 'keychain' }),
  flow: about(
    'how to sign in: `device` with a code to enter on the page, `pkce` with a browser on this machine, `auto` whichever fits',
    { ...flow, default: 'auto' },
  ),
  on_expired: about('what programs get when a session has ended', {
    enum: ['notify', 'wait', 'login'],
    default: 'notify',
  }),
  wait_seconds: about(
    'how long a program waits for an approval, and for a sign-in with `wait` and `login`; values above 53 are treated as 53',
    {
      type: 'integer',
      minimum: 1,
      maximum: 55,
      default: 50,
    },
  ),
  renew: about('whether to offer, once a day, to renew a session that ends during the working day (06:00 to 18:00)', {
    ...renew,
    default: 'never',
  }),
  token_cache: about("whether to keep the AWS CLI's token file fresh for native profiles", {
    enum: ['auto', 'never'],
    default: 'auto',
  }),
  audit: about('`required`: nothing is served while the audit log cannot be written', {
    enum: ['best-effort', 'required'],
    default: 'best-effort',
  }),
  lock: about('what is not served while rolecall is locked: `all` roles, or only `protected` ones', {
    enum: ['all', 'protected'],
    default: 'all',
  }),
  lock_with_screen: about('whether rolecall locks when the screen does', { type: 'boolean', default: false }),
  lock_after_minutes: about('minutes without a person, after which rolecall locks; 0 is never', {
    type: 'integer',
    minimum: 0,
    maximum: 10_080,
    default: 0,
  }),
  unlock: about('what an unlock needs: nothing more than the `command`, a `click` or a `passkey`', {
    enum: ['command', 'click', 'passkey'],
    default: 'command',
  }),
  web_port: about('port of the page; 0 takes any free port', {
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    default: 0,
  }),
  ...fileVersions,
  profiles: table('the profiles that rolecall writes to `~/.aws/config`', {
    name: about(
      'template of the names; may contain `{account_name}`, `{account_id}`, `{permission_set}` and `{session}`',
      { ...text, default: DEFAULT_NAME_TEMPLATE },
    ),
    region: about("region of the profiles; by default the session's `sso_region`", text),
    style: about('how profiles get credentials: `credential_process` asks the daemon, `sso` makes native profiles', {
      enum: ['credential_process', 'sso'],
      default: 'credential_process',
    }),
    write: about('which roles get a profile', { enum: ['all', 'used', 'auto'], default: 'all' }),
    include: about('patterns of profile names that `used` and `auto` always write', {
      type: 'array',
      items: pattern,
      default: [],
    }),
    sync: about('when profiles are written', { enum: ['on-login', 'manual'], default: 'on-login' }),
    default_follows_current: about('whether `[default]` follows the current role', {
      type: 'boolean',
      default: false,
    }),
    exclude: about('patterns of profile names that are never written', {
      type: 'array',
      items: pattern,
      default: [],
    }),
  }),
  session: {
    type: 'object',
    description: 'one table for each sso-session of `~/.aws/config`, by its name',
    additionalProperties: table('settings of one sso-session', {
      label: about('name of the session in lists', text),
      browser: about('command that opens its sign-in page and its console', text),
      flow: about('as `flow` above, for this session only', flow),
      renew: about('as `renew` above, for this session only', renew),
      session_hours: about('length of a session, if your administrator told you', {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 2160,
      }),
      use_fips_endpoint: about("whether to use AWS's FIPS endpoints; by default as in `~/.aws/config`", {
        type: 'boolean',
      }),
      use_dualstack_endpoint: about(
        "whether to use AWS's dual-stack endpoints; by default as in `~/.aws/config`, or as the start URL needs",
        { type: 'boolean' },
      ),
      endpoints: table('as `[endpoints]`, for this session only', endpoints),
    }),
  },
  endpoints: table("addresses to use instead of AWS's: an emulator or a private link", endpoints),
  network: table('how to reach AWS', {
    proxy: about('URL of the proxy; by default `HTTPS_PROXY` and `NO_PROXY`', text),
    ca_bundle: about(
      'file of extra CA certificates; by default `AWS_CA_BUNDLE`, then `ca_bundle` of `~/.aws/config`',
      text,
    ),
  }),
  role: {
    type: 'array',
    description:
      'rules for the profiles of roles; for each key the first rule that matches a role and sets the key wins',
    items: table('a rule for the roles that it matches', {
      ...matcher,
      region: about('region of the profiles', text),
      alias: about('template of an additional profile name; not used if several roles would get the same name', text),
      pin: about('whether lists show the role first', { type: 'boolean' }),
      extra,
    }),
  },
  protect: {
    type: 'array',
    description: 'roles that are marked in every list and need an approval; the first rule that matches a role wins',
    items: table('a rule for the roles that it matches', {
      session: about('name of the sso-session, or a pattern', { ...pattern, default: '*' }),
      ...matcher,
      approve: about(
        'what its credentials need: a `click` in a dialog, a `passkey`, or `none`, which only marks the role',
        { enum: APPROVE_SETTINGS, default: 'click' },
      ),
      remember_minutes: about('how many minutes an approval counts; 0 is only for the programs that wait for it', {
        type: 'integer',
        minimum: 0,
        maximum: MAX_REMEMBER_MINUTES,
        default: 15,
      }),
      for: about('whether an approval counts for the `role`, or only for the `program` that asked', {
        enum: APPROVE_FOR,
        default: 'role',
      }),
    }),
  },
  chain: {
    type: 'array',
    description: 'roles to assume with the credentials of each role that matches',
    items: {
      ...table('a rule for the roles to start from', {
        session: about('name of the sso-session, or a pattern', { ...pattern, default: '*' }),
        account_id: about('account id of the roles to start from, or a pattern', { ...pattern, default: '*' }),
        permission_set: about('permission set of the roles to start from, or a pattern', {
          ...pattern,
          default: '*',
        }),
        role_arn: about(
          'ARN of the role to assume; may contain `{account_id}` and `{partition}` of the role to start from',
          text,
        ),
        name: about('template of the profile names, as in `[profiles]`; may also contain `{role_name}`', {
          ...text,
          default: DEFAULT_CHAIN_TEMPLATE,
        }),
        external_id: about('external id that the role asks for', text),
        role_session_name: about('name of the role session in CloudTrail; by default the user who signed in', text),
        duration_seconds: about('how long the credentials last; AWS allows an hour, so more is treated as 3600', {
          type: 'integer',
          minimum: MIN_CHAINED_SECONDS,
          maximum: MAX_ROLE_SECONDS,
          default: 3600,
        }),
        source_identity: about('source identity of the role session', text),
        tags: about('session tags', { type: 'object', additionalProperties: { type: 'string' } }),
        transitive_tags: about('keys of the tags that further roles get too', { type: 'array', items: text }),
        region: about('region of the profiles, and of STS', text),
        policy: about('session policy, as JSON text: the credentials can do only what it allows too', text),
        policy_arns: about('ARNs of managed policies that narrow the credentials in the same way', {
          type: 'array',
          items: text,
        }),
      }),
      required: ['role_arn'],
    },
  },
} as const);

/** The settings as written in the file. */
export type SettingsFile = FromSchema<typeof settingsSchema, { keepDefaultedPropertiesOptional: true }>;
