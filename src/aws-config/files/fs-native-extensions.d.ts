// Types of the parts of fs-native-extensions that take and give back the kernel's file locks; the package ships none.
declare module 'fs-native-extensions' {
  /** True when the exclusive lock is ours now, false when another open file holds it; closing the file gives it back. */
  export function tryLock(fileDescriptor: number): boolean;
}
