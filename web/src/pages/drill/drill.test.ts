import { describe, expect, it } from 'vitest';
import type { Drill } from '../../api/types';
import { figuresOf, missingFor, progressOf } from './drill';

const drill = (phase: string): Drill => ({ channel: 'main', state: 'running', phase, startedAt: '2026-01-01T00:00:00Z', seconds: 5, result: null });

describe('progressOf', () => {
  it('follows the words of the server', () => {
    expect(
      [
        'connecting the rehearsal sink',
        'looking at the stream before the cut',
        'the source is cut off for 5 s',
        'the source is back; waiting for its return to the program',
        'looking at the stream after the return',
      ].map(phase => progressOf(drill(phase))),
    ).toEqual([1, 2, 3, 4, 5]);
  });

  it('begins with the first step where the words are others', () => {
    expect(progressOf(drill('something new'))).toBe(1);
  });
});

describe('figuresOf', () => {
  it('tells times in units that fit them', () => {
    const figures = figuresOf({
      passed: true,
      summary: '',
      frameMs: 34,
      largestVideoStepMs: 35,
      largestAudioStepMs: 24,
      longestSilenceMs: 1_040,
      fallbackAfterMs: 1_020,
      returnedAfterMs: 3_480,
      destinations: [],
    });
    expect(figures.map(({ value }) => value)).toEqual(['35 ms (a frame: 34 ms)', '24 ms', '1040 ms', '1.0 s', '3.5 s']);
  });
});

describe('missingFor', () => {
  const status = (state: string, encoder: string, selected = 'auto') => ({ state, sources: [{ state: encoder }], source: { selected } }) as Parameters<typeof missingFor>[0];

  it('asks for an encoder only where none is connected', () => {
    expect(missingFor(status('off', 'absent'))).toBe('encoder');
    expect(missingFor(status('fallback', 'stalled'))).toBe('encoder');
    expect(missingFor(status('off', 'connected'))).toBe('air');
  });

  it('knows why a connected source is not on the program', () => {
    expect(missingFor(status('fallback', 'connected'))).toBe('return');
    expect(missingFor(status('fallback', 'connected', 'fallback'))).toBe('choice');
    expect(missingFor(status('live', 'connected'))).toBeNull();
  });
});
