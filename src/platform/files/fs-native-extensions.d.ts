// Types for the one function of fs-native-extensions that is used; the package ships none.
declare module 'fs-native-extensions' {
  /** Returns true if this open file now has the exclusive lock, false if another open file has it. Closing the file releases the lock. */
  export function tryLock(fileDescriptor: number): boolean;
}
