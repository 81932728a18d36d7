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

/**
 * Files and folders of /proc by which the machine is configured. Root writes to them by owning them, without any
 * capability: /proc/sys/kernel/core_pattern names a program that the kernel starts outside. bubblewrap covers some of them.
 */
export const READ_ONLY_KERNEL_PATHS = [
  '/proc/sys',
  '/proc/sysrq-trigger',
  '/proc/irq',
  '/proc/bus',
  '/proc/fs',
  '/proc/acpi',
  '/proc/scsi',
  '/proc/driver',
  '/proc/asound',
  '/proc/mtrr',
] as const;

/** Descriptions of the user's keys in the kernel. */
export const KEY_LISTS = ['/proc/keys', '/proc/key-users'] as const;

/** What the kernel keeps from other users than root. */
export const SECRET_KERNEL_FILES = [
  '/proc/kcore',
  '/proc/kmsg',
  '/proc/timer_list',
  '/proc/sched_debug',
  '/proc/latency_stats',
  '/proc/slabinfo',
  '/proc/vmallocinfo',
] as const;
