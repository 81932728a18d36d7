// Finds abstract sockets by which a program that shares the network could control the desktop or read the keychain.

/** Of the X server, of its session manager, of buses that dbus-launch started, and of services that obey everything of root. */
const RISKY =
  /^@(?:\/tmp\/\.(?:X11|ICE)-unix\/|\/tmp\/dbus-|\/tmp\/ibus|\/home\/[^/]+\/\.cache\/ibus\/dbus-|.*\/dbus-[A-Za-z0-9]+$|.*containerd-shim|ISCSIADM_ABSTRACT_NAMESPACE|\/org\/kernel\/linux\/storage\/multipathd)/u;
/** `SO_ACCEPTCON`: the socket listens. */
const LISTENS = 0x10000;

/** Names of those sockets in the text of /proc/net/unix. */
export function riskySockets(procNetUnix: string): readonly string[] {
  const names = procNetUnix.split('\n').flatMap((line) => {
    const [, , , flags = '', , , , name = ''] = line.trim().split(/\s+/u);
    return RISKY.test(name) && (Number.parseInt(flags, 16) & LISTENS) !== 0 ? [name] : [];
  });
  return [...new Set(names)];
}
