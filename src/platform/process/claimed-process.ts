// Reads the process id that a client of ours sends with a request.

/** Undefined without one. The claim proves nothing. */
export function parseClaimedProcess(header: string | readonly string[] | undefined): number | undefined {
  return typeof header === 'string' && /^[1-9]\d{0,9}$/.test(header) ? Number(header) : undefined;
}
