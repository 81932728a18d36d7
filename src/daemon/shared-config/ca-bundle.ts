// Which certificate authorities besides Node's own are trusted: settings, else AWS_CA_BUNDLE, else the config file.
import { loadCaBundle } from '../../identity-center/certificate-authorities.ts';
import type { SharedConfig } from './shared-config.ts';

/**
 * A function that reads the PEM text, undefined when no bundle is named; asked when the first connection is made.
 * @throws UsageError settings-invalid (the function): a bundle that can't be read, naming the setting
 */
export async function findCaBundle(
  fromSettings: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  sharedConfig: Pick<SharedConfig, 'path' | 'read'>,
): Promise<() => string | undefined> {
  const named = await findSetting(fromSettings, environment, sharedConfig);
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
  sharedConfig: Pick<SharedConfig, 'path' | 'read'>,
): Promise<{ readonly path: string; readonly setting: string } | undefined> {
  if (fromSettings !== undefined) return { path: fromSettings, setting: 'network.ca_bundle' };
  const fromVariable = environment['AWS_CA_BUNDLE'];
  if (fromVariable !== undefined && fromVariable !== '') return { path: fromVariable, setting: 'AWS_CA_BUNDLE' };
  // A config file that can't be read has its own place in the status.
  const { caBundle } = await sharedConfig.read().catch(() => ({ caBundle: undefined }));
  return caBundle === undefined ? undefined : { path: caBundle, setting: `ca_bundle in ${sharedConfig.path}` };
}
