# A tray for tests: owns the watcher's name, prints as JSON what items do, and reads and clicks their menu when told.
import json
import sys
import time

from gi.repository import Gio, GLib

WATCHER = 'org.kde.StatusNotifierWatcher'
ITEM = 'org.kde.StatusNotifierItem'
MENU = 'com.canonical.dbusmenu'
XML = '''<node><interface name="org.kde.StatusNotifierWatcher">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
<property name="ProtocolVersion" type="i" access="read"/>
</interface></node>'''

bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()
item = {'sender': None}


def say(event, **rest):
    print(json.dumps({'event': event, 'at': time.time() * 1000, **rest}), flush=True)


def on_call(connection, sender, path, interface, method, arguments, invocation):
    item['sender'] = sender
    say('registered', name=arguments.unpack()[0])
    invocation.return_value(None)


def on_get(connection, sender, path, interface, name):
    return GLib.Variant('b', True) if name == 'IsStatusNotifierHostRegistered' else GLib.Variant('i', 0)


def on_signal(connection, sender, path, interface, signal, arguments):
    say('signal', path=path, member=signal, body=arguments.unpack())


def call(path, interface, method, arguments):
    return bus.call_sync(item['sender'], path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 20000, None)


def to_item(layout):
    entry, properties, children = layout
    return {'id': entry, 'properties': properties, 'children': [to_item(child) for child in children]}


def answer(command):
    if command['ask'] == 'properties':
        found = call('/StatusNotifierItem', 'org.freedesktop.DBus.Properties', 'GetAll', GLib.Variant('(s)', (ITEM,)))
        return found.unpack()[0]
    if command['ask'] == 'layout':
        return to_item(call('/MenuBar', MENU, 'GetLayout', GLib.Variant('(iias)', (0, -1, []))).unpack()[1])
    if command['ask'] == 'click':
        event = GLib.Variant('(isvu)', (command['entry'], 'clicked', GLib.Variant('i', 0), int(time.time())))
        say('clicked')
        call('/MenuBar', MENU, 'Event', event)
        return None
    arguments = GLib.Variant.parse(None, command['args'], None, None)
    try:
        found = call(command['path'], command['interface'], command['method'], arguments)
        return found.print_(False)
    except GLib.Error as error:
        return Gio.DBusError.get_remote_error(error) or str(error)


def on_line(source, condition):
    line = sys.stdin.readline()
    if line == '':
        loop.quit()
        return False
    command = json.loads(line)
    try:
        say('answer', id=command['id'], value=answer(command))
    except Exception as error:
        say('answer', id=command['id'], error=str(error))
    return True


info = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
bus.register_object('/StatusNotifierWatcher', info, on_call, on_get, None)
for name in (ITEM, MENU):
    bus.signal_subscribe(None, name, None, None, None, Gio.DBusSignalFlags.NONE, on_signal)
Gio.bus_own_name_on_connection(bus, WATCHER, Gio.BusNameOwnerFlags.NONE, lambda *_: say('ready'), None)
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
loop.run()
