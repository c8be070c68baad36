/** A longer pause between two measurements is a hole: the page did not hear of it, and no line leads over it. */
const holeSeconds = 3;

/** The shortest time that a chart spans, so that its first seconds do not look like a year. */
const shortestSeconds = 60;

/** Times and values with an empty value in each hole. */
export function withHoles(times: readonly number[], values: readonly number[]): [number[], (number | null)[]] {
  const allTimes: number[] = [];
  const allValues: (number | null)[] = [];
  times.forEach((time, index) => {
    const before = times[index - 1];
    if (before !== undefined && time - before > holeSeconds) {
      allTimes.push(before + 1);
      allValues.push(null);
    }
    allTimes.push(time);
    allValues.push(values[index] ?? null);
  });
  return [allTimes, allValues];
}

/** What a chart spans: all of its times, a minute at least. */
export function spanOf(times: readonly number[]): [number, number] {
  const last = times.at(-1) ?? 0;
  return [Math.min(times[0] ?? last, last - shortestSeconds), last];
}

/** A chart in a sentence, for who does not see it. */
export function summaryOf(title: string, times: readonly number[], values: readonly number[], format: (value: number) => string): string {
  const now = values.at(-1);
  if (now === undefined) return `${title}: nothing measured yet`;
  const minutes = Math.max(1, Math.round(((times.at(-1) ?? 0) - (times[0] ?? 0)) / 60));
  const span = minutes === 1 ? 'minute' : `${minutes} minutes`;
  return `${title} in the last ${span}: now ${format(now)}, lowest ${format(Math.min(...values))}, highest ${format(Math.max(...values))}`;
}
