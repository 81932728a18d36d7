// The rooms of `src/` and the order of their folders: architecture.test.ts enforces both tables, and CONTRIBUTING.md shows them.
import type { FolderRule, RoomRule } from './source-rules.ts';

interface Room extends RoomRule {
  /** What the room contains, for CONTRIBUTING.md. */
  readonly purpose: string;
}

/** In order of dependency, which is also the order to read the source in. */
export const ROOMS: readonly Room[] = [
  {
    room: 'core',
    purpose: 'the vocabulary: model, errors, clock, secrets, and helpers for async work, text and search; no I/O',
    rooms: [],
    packages: [],
    builtins: ['util'],
    why: 'every other room imports it, so an import or I/O here would reach all of them',
  },
  {
    room: 'sso',
    purpose: 'the domain: sign-in, tokens, role credentials, account catalog, back-off',
    rooms: ['core'],
    packages: [],
    builtins: ['crypto'],
    why: 'AWS, keychain and disk are reached only through two ports, so tests can drive all of it with a fake clock',
  },
  {
    room: 'platform',
    purpose: 'the operating system: files, sockets, processes, D-Bus, browser, service discovery',
    rooms: ['core'],
    packages: ['fs-native-extensions', 'open', 'smol-toml'],
    builtins: ['*'],
    why: 'handles files, sockets, programs and the daemon as a process, and knows neither the local API nor the domain',
  },
  {
    room: 'identity-center',
    purpose: 'calls to AWS, through the AWS SDK',
    rooms: ['core', 'platform', 'sso/ports'],
    packages: [
      '@aws-sdk/client-sso',
      '@aws-sdk/client-sso-oidc',
      '@aws-sdk/client-sts',
      '@smithy/node-http-handler',
      'https-proxy-agent',
      'proxy-from-env',
    ],
    builtins: ['*'],
    why: 'the only room that calls AWS; it never imports the emulator, so that the two cannot share a mistake',
  },
  {
    room: 'secret-store',
    purpose: 'OS keychain, encrypted file, memory',
    rooms: ['core', 'platform', 'sso/ports'],
    packages: ['@napi-rs/keyring'],
    builtins: ['*'],
    why: 'the only room that uses the OS keychain',
  },
  {
    room: 'aws-config',
    purpose: "the user's `~/.aws/config` and its profiles",
    rooms: ['core', 'platform'],
    packages: [],
    builtins: ['*'],
    why: "the only room that writes the user's shared config file",
  },
  {
    room: 'local-api',
    purpose: "the daemon's routes with their schemas, and the client",
    rooms: ['core', 'platform'],
    packages: ['json-schema-to-ts'],
    builtins: ['*'],
    why: 'clients load it at each start, so it loads nothing but types',
  },
  {
    room: 'service',
    purpose: 'systemd user units, LaunchAgent',
    rooms: ['core', 'platform', 'local-api'],
    packages: [],
    builtins: ['*'],
    why: 'fills in templates and calls systemctl or launchctl',
  },
  {
    room: 'daemon',
    purpose: 'the daemon: one folder for each capability, composed once',
    rooms: ['core', 'platform', 'sso', 'identity-center', 'secret-store', 'aws-config', 'local-api'],
    packages: ['ajv', 'fastify', 'json-schema-to-ts', 'smol-toml', 'yaml'],
    builtins: ['*'],
    why: 'may import every room of the service, and none of its clients',
  },
  {
    room: 'cli',
    purpose: 'the commands',
    rooms: [
      'core',
      'platform',
      'local-api',
      'service',
      'aws-config/document/document',
      'aws-config/document/default-credentials',
      'aws-config/document/credentials-names',
    ],
    packages: ['commander', '@aws-sdk/client-sts'],
    builtins: ['*'],
    why: 'a thin client that asks the daemon over the socket. It uses STS in the demo, as an independent witness, and reads the AWS files of its own environment, which the daemon does not see',
  },
  {
    room: 'tray',
    purpose: 'the tray menu, with a renderer for each host',
    rooms: ['core', 'platform', 'local-api'],
    packages: [],
    builtins: ['*'],
    why: 'a thin client like the CLI, and independent of it',
  },
  {
    room: 'web',
    purpose: 'the page: plain files without a build step',
    rooms: [
      'local-api/schemas',
      'core/search/role-index',
      'core/search/role-marks',
      'core/search/role-match',
      'core/search/search-words',
      'core/text/event-parser',
      'core/text/short-names',
    ],
    packages: [],
    builtins: [],
    why: 'plain files for a browser: what it shares with core is plain JavaScript too, and the schemas are imported for their types only',
  },
  {
    room: 'emulator',
    purpose: 'IAM Identity Center in memory, for the demo and tests',
    rooms: ['core', 'platform'],
    packages: [],
    builtins: ['*'],
    why: "AWS's side of the protocol; sharing code with our side could hide a mistake in both",
  },
];

/** The folders of a room, bottom up: a folder imports only folders before it, and files beside the folders only where `top` is `anywhere`. */
export const FOLDERS: readonly FolderRule[] = [
  {
    room: 'daemon',
    folders: [
      'process',
      'state-files',
      'audit',
      'http',
      'settings',
      'shared-config',
      'notifications',
      'web-access',
      'roles',
      'profiles',
      'sign-in',
      'credentials',
      'status',
    ],
    top: 'above',
    why: 'one folder for each capability, so that a new one takes a folder and a line',
  },
  {
    room: 'sso',
    folders: ['resilience', 'session', 'roles'],
    top: 'anywhere',
    why: 'roles need a session, but a session knows no roles; all folders share ports and faults',
  },
  {
    room: 'platform',
    folders: ['process', 'files', 'programs', 'sockets', 'bus', 'port-keeper', 'service'],
    top: 'above',
    why: 'one folder for each part of the operating system',
  },
  {
    room: 'aws-config',
    folders: ['document', 'files', 'sessions', 'profiles', 'adoption'],
    top: 'above',
    why: 'the text of the file comes first, then the plans to change it',
  },
  {
    room: 'emulator',
    folders: ['http', 'directory', 'sessions', 'pages', 'aws', 'control'],
    top: 'above',
    why: 'first what AWS stores, then its pages and its API, then the controls for tests',
  },
  {
    room: 'cli',
    folders: ['terminal', 'environment', 'shell', 'profiles', 'picker', 'commands'],
    top: 'anywhere',
    why: 'first what commands share, then one folder for each command',
  },
  {
    room: 'tray',
    folders: ['text', 'linux'],
    top: 'anywhere',
    why: 'the menu is data; each host has its own renderer',
  },
  {
    room: 'web',
    folders: ['frame', 'connection', 'sessions', 'roles'],
    top: 'above',
    why: 'first what all parts of the page share, then the daemon, then one folder for each part',
  },
];
