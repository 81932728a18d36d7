// Tells which requests a person makes: lock_after_minutes counts from the last one.
import { ROUTE_ADDRESSES } from '../../local-api/route-addresses.ts';
import type { CallableRouteName, RouteName } from '../../local-api/routes.ts';
import type { Caller } from '../http/caller.ts';
import type { Handlers } from '../http/surface.ts';

/** What only a person does, wherever it comes from. */
const PERSONAL: ReadonlySet<RouteName> = new Set<CallableRouteName>([
  'setCurrent',
  'startSignIn',
  'signOut',
  'unlock',
  'webCode',
  'webToken',
]);

/** Also called by programs in the background, often, and not changed by a person's terminal. */
const NEVER: ReadonlySet<string> = new Set(['credentials', 'currentCredentials', 'events']);

/** The same handlers; they call `personActs` for requests from a terminal, for changes on the page, and for `PERSONAL`. */
export function notePersons(personActs: () => void, handlers: Handlers): Handlers {
  const noted = Object.entries(handlers).map(([name, handle]) => {
    if (NEVER.has(name)) return [name, handle];
    const isPersonal = PERSONAL.has(name as RouteName);
    const isChange = ROUTE_ADDRESSES[name as RouteName].method !== 'GET';
    const notingHandle = (input: never, caller: Caller) => {
      if (isPersonal || caller.isAtTerminal === true || (isChange && caller.surface === 'web')) personActs();
      return (handle as (input: never, caller: Caller) => unknown)(input, caller);
    };
    return [name, notingHandle];
  });
  return Object.fromEntries(noted) as Handlers;
}
