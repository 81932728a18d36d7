// Custom endpoints: what the settings and the three service variables may contain instead of AWS's own hosts.
import { UsageError } from '../core/errors.ts';
import { isLoopbackHost } from '../core/loopback.ts';
import type { Endpoints } from '../core/model.ts';

/**
 * The endpoint as a URL: https, or http on this machine (127.0.0.0/8, [::1], localhost), because tokens are sent there.
 * @throws UsageError settings-invalid: anything else, naming the setting.
 */
export function parseEndpoint(text: string, settingName: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text itself is not repeated: it may contain a password.
  if (url === undefined) throw invalid(settingName, 'is not a URL');
  if (url.username !== '' || url.password !== '') {
    throw invalid(settingName, 'must not contain a user name or password');
  }
  if (url.search !== '' || url.hash !== '') throw invalid(settingName, 'must not have a query or a fragment');
  if (url.protocol === 'https:') return url;
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return url;
  throw invalid(settingName, `names ${url.protocol}//${url.host}; it must be https, or http on this machine`);
}

/** Whether what is sent to this URL can be read on the network. */
export function isPlainHttp(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' && !isLoopbackHost(url.hostname);
}

/** The part of an SDK client's configuration that decides on its host. */
export interface EndpointSettings {
  readonly endpoint?: string;
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
}

/** With neither FIPS nor dual-stack for a custom endpoint. @throws UsageError settings-invalid: as parseEndpoint */
export function endpointSettings(
  custom: string | undefined,
  { useFips = false, useDualstack = false }: Pick<Endpoints, 'useFips' | 'useDualstack'>,
): EndpointSettings {
  // The SDK refuses FIPS or dual-stack together with a custom endpoint.
  if (custom === undefined) return { useFipsEndpoint: useFips, useDualstackEndpoint: useDualstack };
  const endpoint = parseEndpoint(custom, 'the settings').href;
  return { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false };
}

function invalid(settingName: string, reason: string): UsageError {
  return new UsageError('settings-invalid', `The endpoint in ${settingName} ${reason}.`);
}
