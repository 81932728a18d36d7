// The handshake by version: a client says its own, and a daemon that is older makes room instead of answering.

/** Lower case, as Node gives the names of headers. */
export const VERSION_HEADER = 'rolecall-version';
