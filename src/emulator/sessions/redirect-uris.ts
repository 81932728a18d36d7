// Redirect URIs of native apps (RFC 8252): on loopback, and any port matches.

const LOOPBACK_URI = /^(http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]))(?::(\d{1,5}))?(\/[\w./~%?=&+-]*)?$/;

/** Whether a client may register it: http on loopback, without user name or fragment. */
export function isLoopbackUri(uri: string): boolean {
  return withoutPort(uri) !== undefined && URL.canParse(uri);
}

/** Whether `uri` equals one of the registered URIs apart from its port. Compares text, so that no path is normalized. */
export function isRegisteredUri(registered: readonly string[], uri: string): boolean {
  if (!isLoopbackUri(uri)) return false;
  const bare = withoutPort(uri);
  return registered.some((known) => withoutPort(known) === bare);
}

/** `uri` with these parameters added to its query; undefined values are left out. */
export function addParameters(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

function withoutPort(uri: string): string | undefined {
  const match = LOOPBACK_URI.exec(uri);
  return match === null ? undefined : `${match[1]}${match[3] ?? '/'}`;
}
