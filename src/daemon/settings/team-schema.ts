// The JSON Schema of the team file: only settings that teams share, nothing that runs a program or is secret.
import { MAX_SESSION_TAGS } from '../../core/aws/chain-fields.ts';
import { MAX_POLICY_ARNS } from '../../core/aws/session-policy.ts';
import { MAX_GLOB_CHARACTERS } from '../../core/text/glob.ts';
import { fileVersions, settingsSchema } from './settings-schema.ts';

/** No control characters, because all of it may be shown to the user. */
const text = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$', minLength: 1, maxLength: 512 } as const;
const pattern = { ...text, maxLength: MAX_GLOB_CHARACTERS } as const;

const table = <T extends object>(description: string, properties: T) =>
  ({ type: 'object', description, additionalProperties: false, properties }) as const;

/** A key of config.toml, with the limits of a team file. */
const as = (key: object, limits: object = {}) => ({ ...key, ...limits });

const own = settingsSchema.properties;
const session = own.session.additionalProperties.properties;
const role = own.role.items.properties;
const protect = own.protect.items.properties;
const chain = own.chain.items.properties;

export const teamSchema = {
  ...table('settings that a team shares', {
    ...fileVersions,
    team: { ...text, description: 'name of the team' },
    serial: {
      type: 'integer',
      minimum: 0,
      description: 'number of this version of a signed file; a file with a lower one is refused',
    },
    profiles: table(own.profiles.description, {
      name: as(own.profiles.properties.name, text),
      region: as(own.profiles.properties.region, text),
      write: as(own.profiles.properties.write),
      include: as(own.profiles.properties.include, { items: pattern, maxItems: 1000 }),
      exclude: as(own.profiles.properties.exclude, { items: pattern, maxItems: 1000 }),
    }),
    session: {
      type: 'object',
      description: 'sso-sessions by name; added to `~/.aws/config` unless a session of that name exists',
      maxProperties: 100,
      additionalProperties: {
        ...table('one sso-session', {
          start_url: { ...text, description: 'start URL, or its alias' },
          region: { ...text, description: 'region of Identity Center' },
          label: as(session.label, text),
          session_hours: as(session.session_hours),
          use_fips_endpoint: as(session.use_fips_endpoint),
          use_dualstack_endpoint: as(session.use_dualstack_endpoint),
        }),
        required: ['start_url', 'region'],
      },
    },
    role: {
      type: 'array',
      description: own.role.description,
      maxItems: 20_000,
      items: table(own.role.items.description, {
        account_id: as(role.account_id, pattern),
        permission_set: as(role.permission_set, pattern),
        region: as(role.region, text),
        alias: as(role.alias, text),
        pin: as(role.pin),
      }),
    },
    protect: {
      type: 'array',
      description: own.protect.description,
      maxItems: 1000,
      items: table(own.protect.items.description, {
        session: as(protect.session, pattern),
        account_id: as(protect.account_id, pattern),
        permission_set: as(protect.permission_set, pattern),
        approve: as(protect.approve),
        remember_minutes: as(protect.remember_minutes),
        for: as(protect.for),
      }),
    },
    chain: {
      type: 'array',
      description: own.chain.description,
      maxItems: 1000,
      items: {
        ...table(own.chain.items.description, {
          session: as(chain.session, pattern),
          account_id: as(chain.account_id, pattern),
          permission_set: as(chain.permission_set, pattern),
          role_arn: as(chain.role_arn, { ...text, maxLength: 2048 }),
          name: as(chain.name, text),
          external_id: as(chain.external_id, { ...text, maxLength: 1224 }),
          role_session_name: as(chain.role_session_name, text),
          duration_seconds: as(chain.duration_seconds),
          source_identity: as(chain.source_identity, text),
          tags: as(chain.tags, { maxProperties: MAX_SESSION_TAGS }),
          transitive_tags: as(chain.transitive_tags, { items: text, maxItems: MAX_SESSION_TAGS }),
          region: as(chain.region, text),
          policy: as(chain.policy, { maxLength: 20_000 }),
          policy_arns: as(chain.policy_arns, { items: { ...text, maxLength: 2048 }, maxItems: MAX_POLICY_ARNS }),
        }),
        required: ['role_arn'],
      },
    },
  }),
} as const;
