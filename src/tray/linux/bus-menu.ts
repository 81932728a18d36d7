// Exports the menu as com.canonical.dbusmenu: its layout, and the clicks of the user.
import { BusError, type BusConnection, type BusValue } from '../../platform/bus/bus-connection.ts';
import type { ExportedInterface } from './exported-object.ts';
import type { Action, Menu, MenuItem } from '../menu-item.ts';
import { MENU_PATH } from './status-notifier-item.ts';

const MENU_INTERFACE = 'com.canonical.dbusmenu';
const ROOT_ID = 0;

export interface BusMenu {
  readonly exported: ExportedInterface;
  /** Signals changes of the menu on the bus. */
  update(menu: Menu): void;
}

/** One entry of the layout, with its properties as variants. */
interface Node {
  readonly id: number;
  readonly properties: ReadonlyMap<string, readonly [signature: string, value: BusValue]>;
  readonly children: readonly Node[];
  readonly action: Action | undefined;
}

/** `onClick` gets the action of the clicked entry in the current menu; it must not throw. */
export function createBusMenu(deps: {
  readonly emit: BusConnection['emit'];
  readonly menu: Menu;
  readonly onClick: (action: Action) => void;
}): BusMenu {
  // Ids are never reused, so a late click cannot hit another entry.
  const ids = new Map<string, number>();
  const idOf = (key: string) => {
    const id = ids.get(key) ?? ids.size + 1;
    ids.set(key, id);
    return id;
  };
  let root = toRoot(deps.menu, idOf);
  let nodes = collect(root);
  let revision = 1;

  function find(id: number): Node {
    const node = nodes.get(id);
    if (node === undefined) throw new BusError('org.freedesktop.DBus.Error.InvalidArgs', `No menu entry ${id}.`);
    return node;
  }

  function click(id: number, event: string): void {
    const action = event === 'clicked' ? nodes.get(id)?.action : undefined;
    if (action !== undefined) deps.onClick(action);
  }

  return {
    exported: {
      name: MENU_INTERFACE,
      methods: {
        GetLayout: {
          takes: 'iias',
          returns: 'u(ia{sv}av)',
          call: (parent: number, depth: number, wanted: readonly string[]) => [
            revision,
            toLayout(find(parent), depth, wanted),
          ],
        },
        GetGroupProperties: {
          takes: 'aias',
          returns: 'a(ia{sv})',
          call: (wantedIds: readonly number[], wanted: readonly string[]) => {
            const asked = wantedIds.length === 0 ? [...nodes.keys()] : wantedIds;
            const found = asked.flatMap((id) => nodes.get(id) ?? []);
            return [found.map((node) => [node.id, propertiesOf(node, wanted)])];
          },
        },
        GetProperty: {
          takes: 'is',
          returns: 'v',
          call: (id: number, name: string) => {
            const property = find(id).properties.get(name);
            if (property === undefined) throw new BusError('org.freedesktop.DBus.Error.InvalidArgs', 'Not set.');
            return [property];
          },
        },
        Event: {
          takes: 'isvu',
          returns: '',
          call: (id: number, event: string) => {
            click(id, event);
            return [];
          },
        },
        EventGroup: {
          takes: 'a(isvu)',
          returns: 'ai',
          call: (events: readonly (readonly [id: number, event: string])[]) => {
            for (const [id, event] of events) click(id, event);
            return [events.flatMap(([id]) => (nodes.has(id) ? [] : [id]))];
          },
        },
        AboutToShow: { takes: 'i', returns: 'b', call: () => [false] },
        AboutToShowGroup: { takes: 'ai', returns: 'aiai', call: () => [[], []] },
      },
      properties: {
        Version: { type: 'u', get: () => 3 },
        Status: { type: 's', get: () => 'normal' },
        TextDirection: { type: 's', get: () => 'ltr' },
        IconThemePath: { type: 'as', get: () => [] },
      },
      signals: {
        LayoutUpdated: 'ui',
        ItemsPropertiesUpdated: 'a(ia{sv})a(ias)',
        ItemActivationRequested: 'iu',
      },
    },
    update(menu) {
      const before = nodes;
      const [shapeBefore, next] = [shapeOf(root), toRoot(menu, idOf)];
      root = next;
      nodes = collect(next);
      if (shapeOf(next) !== shapeBefore) {
        revision += 1;
        deps.emit(MENU_PATH, MENU_INTERFACE, 'LayoutUpdated', 'ui', [revision, ROOT_ID]);
        return;
      }
      const changes = [...nodes.values()].map((node) => compare(before.get(node.id), node));
      const updated = changes.filter(({ set }) => set.length > 0).map(({ id, set }): BusValue => [id, set]);
      const removed = changes.filter(({ unset }) => unset.length > 0).map(({ id, unset }): BusValue => [id, unset]);
      // Only labels have changed, so an open menu stays open.
      if (updated.length + removed.length > 0) {
        deps.emit(MENU_PATH, MENU_INTERFACE, 'ItemsPropertiesUpdated', 'a(ia{sv})a(ias)', [updated, removed]);
      }
    },
  };
}

function toRoot(menu: Menu, idOf: (key: string) => number): Node {
  const children = menu.flatMap((group, index): Node[] => [
    ...(index === 0 ? [] : [toSeparator(idOf(`line ${index}`))]),
    ...group.map((item) => toNode(item, idOf)),
  ]);
  return { id: ROOT_ID, properties: new Map([['children-display', ['s', 'submenu']]]), children, action: undefined };
}

function toSeparator(id: number): Node {
  return { id, properties: new Map([['type', ['s', 'separator']]]), children: [], action: undefined };
}

function toNode(item: MenuItem, idOf: (key: string) => number): Node {
  const children = (item.children ?? []).map((child) => toNode(child, idOf));
  const properties = new Map<string, readonly [string, BusValue]>([
    // In labels "_" marks the access key and "__" is an underscore; there is no other markup.
    ['label', ['s', item.label.replaceAll('_', '__')]],
    ['enabled', ['b', item.action !== undefined || children.length > 0]],
  ]);
  if (children.length > 0) properties.set('children-display', ['s', 'submenu']);
  if (item.chosen !== undefined) {
    properties.set('toggle-type', ['s', 'radio']);
    properties.set('toggle-state', ['i', item.chosen ? 1 : 0]);
  }
  return { id: idOf(item.key), properties, children, action: item.action };
}

function collect(root: Node): ReadonlyMap<number, Node> {
  const all = new Map<number, Node>();
  const visit = (node: Node) => {
    all.set(node.id, node);
    for (const child of node.children) visit(child);
  };
  visit(root);
  return all;
}

function toLayout(node: Node, depth: number, wanted: readonly string[]): BusValue {
  const children = depth === 0 ? [] : node.children;
  return [
    node.id,
    propertiesOf(node, wanted),
    children.map((child) => ['(ia{sv}av)', toLayout(child, depth - 1, wanted)]),
  ];
}

function propertiesOf({ properties }: Node, wanted: readonly string[]): BusValue[] {
  return [...properties].filter(([name]) => wanted.length === 0 || wanted.includes(name));
}

/** The structure of the menu without its labels. */
function shapeOf({ id, children }: Node): string {
  return `${id}(${children.map(shapeOf).join(' ')})`;
}

function compare(before: Node | undefined, node: Node): { id: number; set: BusValue[]; unset: BusValue[] } {
  const set = [...node.properties].filter(([name, [, value]]) => before?.properties.get(name)?.[1] !== value);
  const unset = [...(before?.properties.keys() ?? [])].filter((name) => !node.properties.has(name));
  return { id: node.id, set, unset };
}
