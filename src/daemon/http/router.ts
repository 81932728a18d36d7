// Finds the route of a request by its method and path, among those of one surface.
import { ROUTE_ADDRESSES } from '../../local-api/route-addresses.ts';
import { ROUTE_TRAITS } from '../../local-api/route-traits.ts';
import type { RouteName, RouteTraits } from '../../local-api/routes.ts';

/** All but the route of the container surface, which has its own server. */
export type RoutedName = Exclude<RouteName, 'containerCredentials'>;

export interface Target {
  /** Between the slashes, decoded. */
  readonly segments: readonly string[];
  /** As received, without the question mark. */
  readonly query: string;
}

/** Splits the target of a request; undefined if its path can't be decoded. */
export function parseTarget(url: string): Target | undefined {
  const [path = ''] = url.split(/[?#]/u, 1);
  try {
    return { segments: path.split('/').map(decodeURIComponent), query: url.slice(path.length + 1) };
  } catch {
    return undefined;
  }
}

export interface Match {
  readonly name: RoutedName;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** The routes of a path, by method. */
  match(segments: Target['segments']): ReadonlyMap<string, Match>;
}

export function createRouter(surface: 'socket' | 'web'): Router {
  const names = Object.keys(ROUTE_ADDRESSES) as RouteName[];
  const table = names
    .filter((name): name is RoutedName => (ROUTE_TRAITS[name] as RouteTraits).surfaces.includes(surface))
    .map((name) => ({ name, method: ROUTE_ADDRESSES[name].method, pattern: ROUTE_ADDRESSES[name].path.split('/') }));
  return {
    match: (segments) =>
      new Map(
        table.flatMap(({ name, method, pattern }) => {
          const params = readParams(pattern, segments);
          return params === undefined ? [] : [[method, { name, params }]];
        }),
      ),
  };
}

/** Undefined if the path is another one. */
function readParams(pattern: readonly string[], segments: readonly string[]): Match['params'] | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
