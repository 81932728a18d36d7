// Worlds in which what rolecall reads is damaged, or what it needs of others is missing: AWS, the clock, the AWS files.
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writePrivate } from '../helpers/rig.ts';
import { startDaemon, type BrokenWorld } from './broken-world.ts';

const damaged = (name: string, text: string): BrokenWorld => ({
  name: `${name} damaged`,
  breakIt: ({ stateDirectory }) => writePrivate(join(stateDirectory, name), text),
});

const unreadable = (name: string, text: string): BrokenWorld => ({
  name: `${name} unreadable`,
  needs: 'modes',
  breakIt({ stateDirectory }) {
    const path = join(stateDirectory, name);
    writePrivate(path, text);
    chmodSync(path, 0);
  },
});

const variant = (world: BrokenWorld): BrokenWorld => ({ ...world, isVariant: true });

const NO_GRANTS = '{"schemaVersion":1,"grants":[]}';

export const DAMAGED_FILES: readonly BrokenWorld[] = [
  damaged('current.json', '{"schemaVersion":1,"cur'),
  damaged('grants.json', '{"schemaVersion":1,"grants":[null]}'),
  variant(damaged('profile-names.json', '')),
  variant(damaged('used-roles.json', '\0\0\0\0')),
  variant(damaged('users.json', '[]')),
  damaged('secrets.json', '{"version":1,"kdf":"scr'),
  {
    name: 'a folder in place of grants.json',
    breakIt: ({ stateDirectory }) => {
      mkdirSync(join(stateDirectory, 'grants.json'));
    },
  },
  variant(unreadable('current.json', '{"schemaVersion":1,"current":null}')),
  unreadable('grants.json', NO_GRANTS),
  variant(unreadable('used-roles.json', '{"schemaVersion":1,"roles":[]}')),
  {
    name: 'secrets.json unreadable',
    needs: 'modes',
    breakIt: ({ stateDirectory }) => chmodSync(join(stateDirectory, 'secrets.json'), 0),
  },
];

export const MISSING_OTHERS: readonly BrokenWorld[] = [
  {
    name: 'no keychain',
    needs: 'linux',
    environment: { ROLECALL_SECRET_STORE: '' },
    breakIt: async (world) => void (await world.rolecall('login')),
    person: (world) => ({
      // As the message says.
      async [`mkdir -p -m 700 ${dirname(world.rig.paths.settingsFile)} && \${EDITOR:-vi} ${world.rig.paths.settingsFile}`]() {
        writePrivate(world.rig.paths.settingsFile, 'secret_store = "file"\n');
        await world.rolecall('daemon', 'restart');
      },
    }),
  },
  {
    name: 'the wrong passphrase',
    async breakIt(world) {
      const { exitCode } = await world.type('ROLECALL_PASSPHRASE=wrong rolecall daemon start');
      if (exitCode !== 0) throw new Error('no daemon');
    },
    person: (world) => ({
      'bash -c \'read -rsp "Passphrase: " ROLECALL_PASSPHRASE && export ROLECALL_PASSPHRASE && rolecall daemon restart\'':
        () => world.rolecall('daemon', 'restart'),
    }),
  },
  {
    name: 'a server that asks for a pause of a day',
    async breakIt(world) {
      world.rig.emulator.addFault({ operation: '*', kind: 'throttle', retryAfterSeconds: 86_400, count: 1 });
      await world.credentials();
    },
  },
  {
    name: 'no network',
    async breakIt(world) {
      await startDaemon(world);
      await world.goOffline();
      await world.credentials();
    },
    // The wire was out, or the address wrong.
    person: (world) =>
      Object.fromEntries(
        ['rolecall doctor', 'unset AWS_ENDPOINT_URL_SSO_OIDC && rolecall daemon restart'].map((command) => [
          command,
          () => world.goOnline(),
        ]),
      ),
  },
  {
    name: 'a web page in place of AWS, once',
    async breakIt(world) {
      await startDaemon(world);
      world.rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'html', count: 1 });
    },
  },
  {
    name: 'the clock two hours behind',
    async breakIt(world) {
      world.setAhead(2 * 3_600_000);
      await world.credentials();
    },
    person: (world) => ({
      // A clock of ours that is set is noticed at once; AWS's, which is set here, with its next answer.
      async 'sudo timedatectl set-ntp true'() {
        world.setAhead(0);
        await world.rolecall('ls', '--refresh');
      },
    }),
  },
  {
    name: 'the session ended',
    isVariant: true,
    breakIt: ({ rig }) => void rig.emulator.revokeSessions(),
  },
  {
    name: 'the daemon suspended',
    needs: 'processes',
    // Each look takes seconds, and suspended-daemon.test.ts has it.
    isVariant: true,
    async breakIt(world) {
      process.kill(await startDaemon(world), 'SIGSTOP');
    },
  },
  {
    name: 'no ~/.aws/config',
    breakIt: ({ configPath }) => renameSync(configPath, `${configPath}-elsewhere`),
    person: ({ configPath }) => ({
      'rolecall setup': () => renameSync(`${configPath}-elsewhere`, configPath),
    }),
  },
  {
    name: 'a folder in place of ~/.aws/config',
    isVariant: true,
    breakIt({ configPath }) {
      renameSync(configPath, `${configPath}-elsewhere`);
      mkdirSync(configPath);
    },
    person: ({ configPath }) => ({
      'rolecall setup': () => renameSync(`${configPath}-elsewhere`, configPath),
    }),
  },
  {
    name: '~/.aws/config unreadable',
    needs: 'modes',
    breakIt: ({ configPath }) => chmodSync(configPath, 0),
  },
  {
    name: 'the last line of the block lost',
    breakIt({ configPath }) {
      const text = readFileSync(configPath, 'utf8');
      writeFileSync(configPath, text.replace('# <<< rolecall <<<\n', ''));
    },
    person: ({ configPath }) => ({
      [`\${EDITOR:-vi} +11 ${configPath}`]: () => appendFileSync(configPath, '# <<< rolecall <<<\n'),
    }),
  },
  {
    name: 'an unknown key in config.toml',
    breakIt: ({ rig }) => writePrivate(rig.paths.settingsFile, 'sekret_store = "file"\n'),
    person: ({ rig }) => ({
      [`\${EDITOR:-vi} +1 ${rig.paths.settingsFile}`]: () =>
        writeFileSync(rig.paths.settingsFile, 'secret_store = "file"\n'),
    }),
  },
  {
    name: 'the helper of the profiles deleted',
    isVariant: true,
    async breakIt(world) {
      await startDaemon(world);
      rmSync(world.rig.paths.credentialProcessPath);
    },
  },
];
