// The header with the client's version: an older daemon stops instead of answering.

/** In lower case, like all header names in Node. */
export const VERSION_HEADER = 'rolecall-version';
