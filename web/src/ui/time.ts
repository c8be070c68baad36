const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** How long something took: 0.02 → "< 0.1 s", 0.4 → "0.4 s", 75 → "1 min 15 s", 3725 → "1 h 2 min", 180000 → "2 d 2 h". */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 0.05) return '< 0.1 s';
  if (seconds < 9.95) return `${Math.max(0, Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return joined(Math.floor(whole / minute), 'min', whole % minute, 's');
  const minutes = Math.round(seconds / minute);
  if (minutes < day / minute) return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / hour);
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const joined = (large: number, largeUnit: string, small: number, smallUnit: string) => `${large} ${largeUnit}${small > 0 ? ` ${small} ${smallUnit}` : ''}`;

/** What ends so soon is told in hours: "in 1 d" would hide most of a day. */
const countedInHours = 3 * day;

/** Where a moment lies seen from `now` (both milliseconds): "just now", "5 min ago", "in 47 h", "in 3 d". */
export function relative(time: number, now: number): string {
  const seconds = Math.abs(time - now) / 1_000;
  if (seconds < 10) return 'just now';
  const [count, unit] = seconds < minute ? [seconds, 's'] : seconds < hour ? [seconds / minute, 'min'] : seconds < (time > now ? countedInHours : day) ? [seconds / hour, 'h'] : [seconds / day, 'd'];
  const words = `${Math.floor(count)} ${unit}`;
  return time > now ? `in ${words}` : `${words} ago`;
}

/** "31 Jan 2026, 14:03" in the reader's own time and words. */
export function dateTime(time: string | number): string {
  return new Date(time).toLocaleString([], { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false });
}

/** The same with seconds, for what is looked up exactly. */
export function exactTime(time: string | number): string {
  return new Date(time).toLocaleString([], { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
}

/** "14:03:27.4": where tenths matter. */
export function timeOfDayExact(time: number): string {
  return new Date(time).toLocaleTimeString([], { hour12: false, hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 1 });
}

/** Day and time of the browser's own clock, as fields for them have it: 2026-06-01T10:00. */
export function localTime(time: number): string {
  const moment = new Date(time);
  return new Date(time - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
