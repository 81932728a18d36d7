// Finds the CA bundle to trust in addition to Node's own: settings, else AWS_CA_BUNDLE, else ca_bundle in the config file.
import { loadCaBundle } from '../../identity-center/certificate-authorities.ts';
import type { SharedConfig } from './shared-config.ts';

/**
 * A function that reads the PEM text, or gives undefined when no bundle is configured. It is called for the first connection.
 * @throws UsageError settings-invalid (the function): the bundle can't be read; names the setting
 */
export async function findCaBundle(
  fromSettings: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  sharedConfig: Pick<SharedConfig, 'path' | 'read'>,
): Promise<() => string | undefined> {
  const named = await findSetting(fromSettings, environment, sharedConfig);
  if (named === undefined) return () => undefined;
  // Node ignores this variable once a program sets its own CA list, which we do, so its file is added here.
  const extra = environment['NODE_EXTRA_CA_CERTS'];
  return () =>
    loadCaBundle(named.path, named.setting) +
    (extra === undefined || extra === '' ? '' : `\n${loadCaBundle(extra, 'NODE_EXTRA_CA_CERTS')}`);
}

async function findSetting(
  fromSettings: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  sharedConfig: Pick<SharedConfig, 'path' | 'read'>,
): Promise<{ readonly path: string; readonly setting: string } | undefined> {
  if (fromSettings !== undefined) return { path: fromSettings, setting: 'network.ca_bundle' };
  const fromVariable = environment['AWS_CA_BUNDLE'];
  if (fromVariable !== undefined && fromVariable !== '') return { path: fromVariable, setting: 'AWS_CA_BUNDLE' };
  // `status` reports a config file that can't be read.
  const { caBundle } = await sharedConfig.read().catch(() => ({ caBundle: undefined }));
  return caBundle === undefined ? undefined : { path: caBundle, setting: `ca_bundle in ${sharedConfig.path}` };
}
