// Exports the icon as org.kde.StatusNotifierItem: its properties, and signals for their changes.
import type { BusConnection, BusValue } from '../../platform/bus/bus-connection.ts';
import type { ExportedInterface } from './exported-object.ts';
import { drawIcons } from './icon.ts';
import { escapeMarkup } from '../../core/text/harmless-text.ts';
import type { StateWord } from '../../local-api/state-summary.ts';

/** What the icon shows. */
export interface Face {
  readonly state: StateWord;
  /** Plain text. */
  readonly tooltipLines: readonly string[];
}

export const ITEM_PATH = '/StatusNotifierItem';
export const MENU_PATH = '/MenuBar';
const ITEM_INTERFACE = 'org.kde.StatusNotifierItem';

/** States in which something has to be done. */
const ATTENTION: ReadonlySet<StateWord> = new Set(['problem', 'needs-approval']);

export interface StatusNotifierItem {
  readonly exported: ExportedInterface;
  /** Signals what has changed. */
  update(face: Face): void;
}

/**
 * @see https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierItem/
 */
export function createStatusNotifierItem(deps: {
  readonly emit: BusConnection['emit'];
  readonly face: Face;
  /** Called by hosts for which a click on the icon does more than show the menu. */
  readonly onActivate: () => void;
}): StatusNotifierItem {
  let { face } = deps;
  let pixmaps = toPixmaps(face.state);
  const nothing: readonly BusValue[] = [];
  const text = (value: () => string) => ({ type: 's', get: value });
  const needsAttention = () => ATTENTION.has(face.state);
  const none = { type: 'a(iiay)', get: () => nothing };
  const activate = () => {
    deps.onActivate();
    return nothing;
  };
  const ignore = () => nothing;

  return {
    exported: {
      name: ITEM_INTERFACE,
      methods: {
        Activate: { takes: 'ii', returns: '', call: activate },
        SecondaryActivate: { takes: 'ii', returns: '', call: activate },
        ContextMenu: { takes: 'ii', returns: '', call: ignore },
        Scroll: { takes: 'is', returns: '', call: ignore },
      },
      properties: {
        Category: text(() => 'ApplicationStatus'),
        Id: text(() => 'rolecall'),
        Title: text(() => 'rolecall'),
        Status: text(() => (needsAttention() ? 'NeedsAttention' : 'Active')),
        WindowId: { type: 'i', get: () => 0 },
        IconThemePath: text(() => ''),
        // No icon name: most hosts would prefer a theme icon to this one, which shows the state.
        IconName: text(() => ''),
        IconPixmap: { type: 'a(iiay)', get: () => pixmaps },
        OverlayIconName: text(() => ''),
        OverlayIconPixmap: none,
        AttentionIconName: text(() => ''),
        AttentionIconPixmap: { type: 'a(iiay)', get: () => (needsAttention() ? pixmaps : nothing) },
        AttentionMovieName: text(() => ''),
        ToolTip: {
          type: '(sa(iiay)ss)',
          // The second text is read as markup.
          get: () => ['', nothing, 'rolecall', face.tooltipLines.map(escapeMarkup).join('\n')],
        },
        ItemIsMenu: { type: 'b', get: () => true },
        Menu: { type: 'o', get: () => MENU_PATH },
      },
      signals: { NewTitle: '', NewIcon: '', NewAttentionIcon: '', NewToolTip: '', NewStatus: 's' },
    },
    update(next) {
      const before = face;
      face = next;
      const tell = (member: string, signature = '', body: readonly BusValue[] = []) =>
        deps.emit(ITEM_PATH, ITEM_INTERFACE, member, signature, body);
      if (next.state !== before.state) {
        pixmaps = toPixmaps(next.state);
        if (needsAttention() || ATTENTION.has(before.state)) {
          tell('NewAttentionIcon');
          tell('NewStatus', 's', [needsAttention() ? 'NeedsAttention' : 'Active']);
        }
        tell('NewIcon');
      }
      if (next.tooltipLines.join('\n') !== before.tooltipLines.join('\n')) tell('NewToolTip');
    },
  };
}

function toPixmaps(state: StateWord): readonly BusValue[] {
  return drawIcons(state).map(({ size, argb }) => [size, size, argb]);
}
