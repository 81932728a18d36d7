// What a confined command sees of the system: folders with programs, libraries and their settings, all of them read-only.

/** Everything else in `/` is left out: homes, other disks, /var, /srv, /boot and whatever an administrator has added. */
export const SYSTEM_FOLDERS = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/opt',
  // Nix and Guix; the sockets of their daemons, in /nix/var and /var/guix, are left out.
  '/nix/store',
  '/nix/var/nix/profiles',
  '/gnu/store',
  // NixOS has its programs here, as a symlink into the store.
  '/run/current-system',
  // Certificates of openSUSE, to which /etc has symlinks.
  '/var/lib/ca-certificates',
  // The C library counts the processors here.
  '/sys/devices/system/cpu',
] as const;

/** Kernel interfaces: processes, devices and sockets of the whole machine. */
export const KERNEL_FOLDERS = ['/proc', '/sys', '/dev'] as const;
