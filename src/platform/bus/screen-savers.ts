// Reports when a screen saver on the session bus becomes active. Any program of that bus can claim it, so it proves nothing.
import { BUS, type BusConnection } from './bus-connection.ts';

const INTERFACES: ReadonlySet<string> = new Set([
  'org.freedesktop.ScreenSaver',
  'org.gnome.ScreenSaver',
  'org.cinnamon.ScreenSaver',
  'org.mate.ScreenSaver',
]);

export async function watchScreenSavers(bus: BusConnection, onActive: () => void): Promise<void> {
  bus.onSignal(({ interface: name, member, body }) => {
    if (member === 'ActiveChanged' && INTERFACES.has(name) && body[0] === true) onActive();
  });
  for (const name of INTERFACES) {
    await bus.call(BUS, 'AddMatch', 's', [`type='signal',interface='${name}',member='ActiveChanged'`]);
  }
}
