/** 28 → "00:28", 3725 → "1:02:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${two(minutes)}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** 6000 → "6.0 Mbit/s", 160 → "160 kbit/s". */
export function bitrate(kbps: number): string {
  return kbps >= 1_000 ? `${(kbps / 1_000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
}

/** What a measured rate stands for: 29.94 → "30", 29.2 → "29.2". A measurement over a second swings by a frame. */
export function frames(fps: number): string {
  const whole = Math.round(fps);
  return Math.abs(fps - whole) <= 0.15 ? String(whole) : fps.toFixed(1);
}

/** "h264" → "H.264", "aac" → "AAC". */
export const codecName = (codec: string): string => (codec === 'h264' ? 'H.264' : codec.toUpperCase());

/** 2 → "2 s", 2.5 → "2.5 s". */
export function seconds(value: number): string {
  return `${Math.round(value * 10) / 10} s`;
}

/** 1536 → "1.5 KB". */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** "14:03:27" in the reader's own time. */
export function timeOfDay(time: string | number): string {
  return new Date(time).toLocaleTimeString([], { hour12: false });
}
