/** What encoders call themselves (in `onMetaData`, or as `flashVer` of `connect`), and what people call them. */
const names: readonly (readonly [pattern: RegExp, name: (version: string) => string])[] = [
  [/^obs-output module \(libobs version ([^)\s]+)\)$/, version => `OBS ${version}`],
  [/^(?:FMLE\/3\.0 \(compatible; )?Lavf(\d[\d.]*)\)?$/, version => `ffmpeg (Lavf ${version})`],
  // Half of all encoders say that they are Adobe's; the metadata that come soon after tell which it is.
  [/^FMLE\/([\d.]+) \(compatible; FMSc\/[\d.]+\)$/, () => ''],
];

/** An encoder as people call it; empty: it did not say. */
export function encoderName(raw: string): string {
  for (const [pattern, name] of names) {
    const match = pattern.exec(raw);
    if (match) return name(match[1] ?? '');
  }
  return raw;
}
