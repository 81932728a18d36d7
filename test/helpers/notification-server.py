# A notification server on the session bus: prints each notification as a line of JSON, and clicks the first button of one when a line comes in.
import json
import sys
import threading

from gi.repository import Gio, GLib

PATH = "/org/freedesktop/Notifications"
NAME = "org.freedesktop.Notifications"
INTERFACE = f"""<node><interface name="{NAME}">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="as" direction="in"/><arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""

shown = []
bus = []


def say(event):
    print(json.dumps(event), flush=True)


def answer(connection, _sender, _path, _interface, method, parameters, invocation):
    if method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body", "body-markup", "actions"],)))
    elif method == "GetServerInformation":
        invocation.return_value(GLib.Variant("(ssss)", ("test", "test", "1", "1.2")))
    elif method == "Notify":
        _app, _replaces, _icon, summary, body, actions, _hints, _timeout = parameters.unpack()
        shown.append(actions)
        say({"event": "shown", "title": summary, "body": body, "actions": actions})
        invocation.return_value(GLib.Variant("(u)", (len(shown),)))
    elif method == "CloseNotification":
        (identifier,) = parameters.unpack()
        say({"event": "closed", "id": identifier})
        invocation.return_value(None)
        connection.emit_signal(None, PATH, NAME, "NotificationClosed", GLib.Variant("(uu)", (identifier, 3)))


def click():
    bus[0].emit_signal(None, PATH, NAME, "ActionInvoked", GLib.Variant("(us)", (len(shown), shown[-1][0])))
    return False


def read_clicks():
    for _ in sys.stdin:
        GLib.idle_add(click)


def on_bus(connection, _name):
    bus.append(connection)
    connection.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], answer)


threading.Thread(target=read_clicks, daemon=True).start()
Gio.bus_own_name(Gio.BusType.SESSION, NAME, 0, on_bus, lambda *_: say({"event": "ready"}), None)
GLib.MainLoop().run()
