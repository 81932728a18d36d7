// What differs from run to run in the command line's output, replaced by a word.

/** Codes, ports, ages, pids and homes masked; progress lines, which depend on how fast things go, left out. */
export function mask(text: string, home = '/no/such/home'): string {
  return text
    .replaceAll(home, 'HOME')
    .replace(/\b[A-Z]{4}-[A-Z]{4}\b/g, 'CODE')
    .replace(/127\.0\.0\.1:\d+/g, 'EMULATOR')
    .replace(/pid \d+/g, 'pid N')
    .replace(/rolecall \d+\.\d+\.\d+/g, 'rolecall VERSION')
    .replace(/^! \d\d:\d\d /gm, '! HH:MM ')
    .replace(/(valid for) .* …/g, '$1 A WHILE …')
    .replace(/less than a minute|1 min/g, 'A MOMENT')
    .replace(/^(Listing|Writing) .*…\n/gm, '');
}
