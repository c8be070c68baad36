import type { Drill, DrillResult, Status } from '../../api/types';

/** The steps of a drill in their order, by what the server's words for them begin with. */
const steps = ['connecting', 'looking at the stream before', 'the source is cut', 'the source is back', 'looking at the stream after'];

/** Which of the five steps a drill is at. */
export function progressOf({ phase }: Drill): number {
  return Math.max(0, steps.findIndex(step => phase.startsWith(step))) + 1;
}

/** What was measured, for people. */
export function figuresOf(result: DrillResult): { name: string; value: string }[] {
  const tenths = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  return [
    { name: 'Largest step of the picture', value: `${result.largestVideoStepMs} ms (a frame: ${result.frameMs} ms)` },
    { name: 'Largest step of the sound', value: `${result.largestAudioStepMs} ms` },
    { name: 'Longest silence on the line', value: `${result.longestSilenceMs} ms` },
    { name: 'Fallback after', value: tenths(result.fallbackAfterMs) },
    { name: 'Source back on the program after', value: tenths(result.returnedAfterMs) },
  ];
}

/** What is to be done before there is something to cut off; null: nothing. */
export function missingFor({ state, sources, source }: Pick<Status, 'state' | 'sources' | 'source'>): 'encoder' | 'air' | 'choice' | 'return' | null {
  if (state === 'live') return null;
  if (!sources.some(each => each.state === 'connected')) return 'encoder';
  if (state !== 'fallback') return 'air';
  return source.selected === 'auto' ? 'return' : 'choice';
}
