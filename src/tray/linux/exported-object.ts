// Exports objects on the bus from tables of methods, read-only properties and signals, with introspection and errors.
import { BusError, type BusValue, type IncomingCall, type Reply } from '../../platform/bus/bus-connection.ts';

export interface ExportedMethod {
  readonly takes: string;
  readonly returns: string;
  call(...args: readonly never[]): readonly BusValue[];
}

export interface ExportedProperty {
  readonly type: string;
  get(): BusValue;
}

export interface ExportedInterface {
  readonly name: string;
  readonly methods: Readonly<Record<string, ExportedMethod>>;
  readonly properties: Readonly<Record<string, ExportedProperty>>;
  /** Signal signatures by name. */
  readonly signals: Readonly<Record<string, string>>;
}

const PROPERTIES = 'org.freedesktop.DBus.Properties';
const INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable';
const PEER = 'org.freedesktop.DBus.Peer';
const NOTHING: Readonly<Reply> = { signature: '', body: [] };

/** Answers calls from the tables. @throws BusError: an unknown name, a wrong signature, or any Set */
export function createAnswerer(objects: Readonly<Record<string, ExportedInterface>>): (call: IncomingCall) => Reply {
  return (call) => {
    if (call.interface === PEER && call.member === 'Ping') return NOTHING;
    if (call.interface === INTROSPECTABLE && call.member === 'Introspect') {
      return { signature: 's', body: [describe(call.path, objects)] };
    }
    const exported = lookUp(objects, call.path);
    if (exported === undefined) throw unknown('Object', call.path);
    if (call.interface === PROPERTIES) return answerProperties(exported, call);
    if (call.interface !== exported.name && call.interface !== '') throw unknown('Interface', call.interface);
    const method = lookUp(exported.methods, call.member);
    if (method === undefined) throw unknown('Method', call.member);
    if (call.body.length !== countTypes(method.takes)) throw invalidArguments(call.member);
    return { signature: method.returns, body: method.call(...(call.body as never[])) };
  };
}

function answerProperties(exported: ExportedInterface, { member, body }: IncomingCall): Reply {
  const [interfaceName, propertyName] = body;
  if (interfaceName !== exported.name) throw unknown('Interface', String(interfaceName));
  if (member === 'GetAll') {
    const all = Object.entries(exported.properties).map(([name, { type, get }]) => [name, [type, get()]]);
    return { signature: 'a{sv}', body: [all] };
  }
  const property = typeof propertyName === 'string' ? lookUp(exported.properties, propertyName) : undefined;
  if (property === undefined) throw unknown('Property', String(propertyName));
  if (member === 'Get') return { signature: 'v', body: [[property.type, property.get()]] };
  if (member === 'Set') {
    throw new BusError('org.freedesktop.DBus.Error.PropertyReadOnly', 'This property is read-only.');
  }
  throw unknown('Method', member);
}

/** Only own properties, as any process on the bus can send any name. */
function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

const unknown = (what: string, name: string) =>
  new BusError(`org.freedesktop.DBus.Error.Unknown${what}`, `No ${what.toLowerCase()} "${name}".`);
const invalidArguments = (member: string) =>
  new BusError('org.freedesktop.DBus.Error.InvalidArgs', `Wrong arguments for ${member}.`);

/** Splits a signature into complete types. */
function countTypes(signature: string): number {
  return splitTypes(signature).length;
}

function splitTypes(signature: string): string[] {
  const types: string[] = [];
  let depth = 0;
  let current = '';
  for (const character of signature) {
    current += character;
    if (character === '(' || character === '{') depth += 1;
    if (character === ')' || character === '}') depth -= 1;
    if (depth === 0 && character !== 'a') {
      types.push(current);
      current = '';
    }
  }
  return types;
}

function describe(path: string, objects: Readonly<Record<string, ExportedInterface>>): string {
  const exported = lookUp(objects, path);
  const prefix = path === '/' ? '/' : `${path}/`;
  const below = Object.keys(objects).flatMap((known) =>
    known.startsWith(prefix) ? [known.slice(prefix.length).split('/')[0] ?? ''] : [],
  );
  const nodes = [...new Set(below)].filter((name) => name !== '').map((name) => `<node name="${name}"/>`);
  return `<node>${exported === undefined ? '' : describeInterface(exported)}${nodes.join('')}</node>`;
}

function describeInterface({ name, methods, properties, signals }: ExportedInterface): string {
  const argumentsOf = (signature: string, direction: string) =>
    splitTypes(signature)
      .map((type) => `<arg type="${type}"${direction}/>`)
      .join('');
  const parts = [
    ...Object.entries(methods).map(
      ([method, { takes, returns }]) =>
        `<method name="${method}">${argumentsOf(takes, ' direction="in"')}${argumentsOf(returns, ' direction="out"')}</method>`,
    ),
    ...Object.entries(signals).map(
      ([signal, signature]) => `<signal name="${signal}">${argumentsOf(signature, '')}</signal>`,
    ),
    ...Object.entries(properties).map(
      ([property, { type }]) => `<property name="${property}" type="${type}" access="read"/>`,
    ),
  ];
  return (
    `<interface name="${name}">${parts.join('')}</interface>` +
    `<interface name="${PROPERTIES}"><method name="Get"><arg type="s" direction="in"/><arg type="s" direction="in"/>` +
    '<arg type="v" direction="out"/></method><method name="GetAll"><arg type="s" direction="in"/>' +
    '<arg type="a{sv}" direction="out"/></method></interface>'
  );
}
