// Which certificate authorities besides Node's own are trusted: settings, else AWS_CA_BUNDLE, else the config file.
import type { ConfigFile } from '../aws-config/config-file.ts';
import { readCaBundle } from '../aws-config/sso-sessions.ts';
import { loadCaBundle } from '../identity-center/certificate-authorities.ts';

/**
 * A function that reads the PEM text, undefined when no bundle is named; asked when the first connection is made.
 * @throws UsageError settings-invalid (the function): a bundle that can't be read, naming the setting
 */
export async function findCaBundle(
  fromSettings: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  configFile: ConfigFile,
): Promise<() => string | undefined> {
  const named = await findSetting(fromSettings, environment, configFile);
  if (named === undefined) return () => undefined;
  // Node heeds this variable only while nobody names authorities of their own, as we are about to.
  const extra = environment['NODE_EXTRA_CA_CERTS'];
  return () =>
    loadCaBundle(named.path, named.setting) +
    (extra === undefined || extra === '' ? '' : `\n${loadCaBundle(extra, 'NODE_EXTRA_CA_CERTS')}`);
}

async function findSetting(
  fromSettings: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  configFile: ConfigFile,
): Promise<{ readonly path: string; readonly setting: string } | undefined> {
  if (fromSettings !== undefined) return { path: fromSettings, setting: 'network.ca_bundle' };
  const fromVariable = environment['AWS_CA_BUNDLE'];
  if (fromVariable !== undefined && fromVariable !== '') return { path: fromVariable, setting: 'AWS_CA_BUNDLE' };
  const fromConfig = await configFile
    .read()
    .then(({ document }) => readCaBundle(document))
    // A config file that can't be read has its own place in the status.
    .catch(() => undefined);
  return fromConfig === undefined ? undefined : { path: fromConfig, setting: `ca_bundle in ${configFile.path}` };
}
