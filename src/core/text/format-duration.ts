// Formats remaining times, ages and moments, the same way in every client.

/** "58 min", "7 h 12 min", "3 d": the time until or since, never negative. */
export function formatDuration(durationMs: number): string {
  const minutes = Math.max(0, Math.floor(durationMs / 60_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

const DAY_MS = 24 * 60 * 60_000;

/** Local time, with the date if it is more than 24 hours away. */
export function formatMoment(at: string, nowMs: number): string {
  const moment = new Date(at);
  const two = (part: number) => String(part).padStart(2, '0');
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  if (Math.abs(nowMs - moment.getTime()) < DAY_MS) return time;
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${time}`;
}
