// Replaces what differs between runs in the output of commands.

/** Masks codes, ports, ages, pids and home directories, and removes progress lines, which depend on timing. */
export function mask(text: string, home = '/no/such/home'): string {
  return text
    .replaceAll(home, 'HOME')
    .replace(/\b[A-Z]{4}-[A-Z]{4}\b/g, 'CODE')
    .replace(/127\.0\.0\.1:\d+/g, 'EMULATOR')
    .replace(/pid \d+/g, 'pid N')
    .replace(/rolecall \d+\.\d+\.\d+/g, 'rolecall VERSION')
    .replace(/^! \d\d:\d\d /gm, '! HH:MM ')
    .replace(/\b(since|until|at) (\d{4}-\d\d-\d\d )?\d\d:\d\d\b/g, '$1 HH:MM')
    .replace(/(valid for) .* …/g, '$1 A WHILE …')
    .replace(/less than a minute|1 min/g, 'A MOMENT')
    .replace(/^(Listing|Writing) .*…\n/gm, '');
}
