import { describe, expect, it } from 'vitest';
import type { Status } from '../api/types';
import type { ChannelMetrics, Frame, LiveEvent } from './frames';
import { applyFrame, emptyState, historyLength, keptEvents, withEvents, withHistory } from './state';

const program = { mode: 'passthrough', activeSource: 'main', timeMs: 0, bitrateKbps: 2500, fps: 30, switches: 0, secondsOnFallback: 0, largestVideoGapMs: 0, largestAudioGapMs: 0, fallbackNote: null };

const source = {
  id: 'main', state: 'connected', selected: 'auto', encoder: 'OBS', remoteAddress: '10.0.0.2', clientId: 'c', connectedAt: null,
  video: { codec: 'h264', width: 1280, height: 720, fps: 30, bitrateKbps: 2500, keyframeIntervalSeconds: 2 }, audio: null, transcoded: false, warnings: [],
};

const destination = {
  id: 'd', name: 'Twitch', platform: 'twitch', url: 'rtmp://x/app', playbackUrl: '', enabled: true, state: 'live', verdict: 'delivering', connects: 1, attempts: 1, nextRetryAt: null, lastError: null,
  uptimeSeconds: 1, bitrateKbps: 0, fps: 0, framesSent: 0, framesDropped: 0, bytesSent: 0, queueMs: 0, unackedBytes: 0, roundTripMs: 0,
};

const status: Status = {
  channel: 'main', state: 'live', startedAt: null, uptimeSeconds: 1, ingest: { url: 'rtmp://x/live', keyHint: '…abcd' }, source, program, destinations: [destination], viewers: 0, sources: [source],
};

const statusFrame: Frame = { type: 'status', time: '2026-01-01T00:00:10Z', channel: 'main', data: status };

const metricsFrame = (changes: Partial<ChannelMetrics> = {}): Frame => ({
  type: 'metrics', time: '2026-01-01T00:00:11Z', channel: null,
  data: {
    clients: 1,
    channels: [{
      channel: 'main', state: 'fallback', uptimeSeconds: 5, viewers: 2, program: { ...program, activeSource: null },
      sources: [{ id: 'main', state: 'stalled', fps: 29.971, videoBitrateKbps: 2400, audioBitrateKbps: 0, keyframeIntervalSeconds: 4 }],
      destinations: [{ ...destination, bitrateKbps: 2400, fps: 30, framesSent: 9 }],
      ...changes,
    }],
  },
});

const event = (id: string, second: number): LiveEvent => ({ id, type: 'program.switched', time: new Date(second * 1000).toISOString(), channel: 'main', actor: null, data: {} });

describe('applyFrame', () => {
  it('keeps words of the status and takes numbers and states of the metrics', () => {
    const state = applyFrame(applyFrame(emptyState, statusFrame, 0), metricsFrame(), 0);
    expect(state.statuses['main']).toMatchObject({
      state: 'fallback', viewers: 2, uptimeSeconds: 5,
      source: { state: 'stalled', encoder: 'OBS', video: { width: 1280, fps: 29.97, bitrateKbps: 2400, keyframeIntervalSeconds: 4 }, audio: null },
      destinations: [{ name: 'Twitch', framesSent: 9, bitrateKbps: 2400 }],
    });
  });

  it('draws curves of bounded length, and forgets those of what is gone', () => {
    let state = applyFrame(emptyState, statusFrame, 0);
    for (let second = 0; second < historyLength + 5; second++) state = applyFrame(state, metricsFrame(), 0);
    expect(state.histories['main/d']?.bitrateKbps).toHaveLength(historyLength);
    expect(state.histories['main/d']?.times).toHaveLength(historyLength);
    expect(state.histories['main/source/main']?.bitrateKbps.at(-1)).toBe(2400);
    expect(state.histories['main']?.fps.at(-1)).toBe(30);
    state = applyFrame(state, metricsFrame({ destinations: [] }), 0);
    expect(Object.keys(state.histories)).toEqual(['main', 'main/source/main']);
  });

  it('drops a channel that is in no metrics any more', () => {
    const state = applyFrame(applyFrame(emptyState, statusFrame, 0), { type: 'metrics', time: '2026-01-01T00:00:11Z', channel: null, data: { clients: 1, channels: [] } }, 0);
    expect(state.statuses).toEqual({});
  });

  it('knows how far the server clock is from ours', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(applyFrame(emptyState, statusFrame, now).clockOffsetMs).toBe(10_000);
  });
});

describe('withEvents', () => {
  it('keeps each event once, newest first, and not more than it needs', () => {
    const once = withEvents(emptyState, [event('a', 1), event('c', 3)]);
    const twice = withEvents(once, [event('b', 2), event('a', 1)]);
    expect(twice.events.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(withEvents(twice, [event('b', 2)])).toBe(twice);
    const many = withEvents(twice, Array.from({ length: keptEvents }, (_, index) => event(`n${index}`, 10 + index)));
    expect(many.events).toHaveLength(keptEvents);
    expect(many.events[0]?.id).toBe(`n${keptEvents - 1}`);
  });
});

describe('withHistory', () => {
  const at = Date.parse('2026-01-01T00:00:00Z') / 1_000;
  const curve = (kind: string, id: string) => ({ kind, id, bitrateKbps: [10, null, 30], fps: [1, null, 3], queueMs: [0, null, 7] });
  const measured = { channel: 'main', from: '2026-01-01T00:00:09Z', curves: [curve('program', 'main'), curve('source', 'main'), curve('destination', 'd')] };

  it('puts what the server measured before what was heard, each second once, with holes where nobody measured', () => {
    // Heard at second 11 (which the server measured, too), and then at 12.
    let state = applyFrame(applyFrame(emptyState, statusFrame, 0), metricsFrame(), 0);
    state = applyFrame(state, { ...metricsFrame(), time: '2026-01-01T00:00:12.4Z' }, 0);
    const { histories } = withHistory(state, measured);
    expect(histories['main/d']).toEqual({ times: [at + 9, at + 11, at + 12.4], bitrateKbps: [10, 30, 2400], fps: [1, 3, 30], queueMs: [0, 7, 0] });
    expect(histories['main']?.times).toEqual([at + 9, at + 11, at + 12.4]);
    expect(histories['main/source/main']?.bitrateKbps).toEqual([10, 30, 2400]);
  });

  it('keeps what was heard before the server began to measure: it was started anew', () => {
    const state = applyFrame(applyFrame(emptyState, { ...metricsFrame(), time: '2026-01-01T00:00:07.4Z' }, 0), metricsFrame(), 0);
    const { histories } = withHistory(state, measured);
    expect(histories['main/d']?.times).toEqual([at + 7.4, at + 9, at + 11]);
    const none = { ...measured, curves: [{ ...curve('program', 'main'), bitrateKbps: [null, null, null] }] };
    expect(withHistory(state, none).histories['main']).toEqual(state.histories['main']);
  });

  it('begins curves of which nothing was heard yet, and keeps the others', () => {
    const state = applyFrame(emptyState, metricsFrame({ channel: 'second' }), 0);
    const { histories } = withHistory(state, measured);
    expect(histories['main/d']?.bitrateKbps).toEqual([10, 30]);
    expect(histories['second/d']).toBe(state.histories['second/d']);
  });

  it('stays as long as it may be', () => {
    let state = emptyState;
    for (let second = 0; second < historyLength; second++) state = applyFrame(state, { ...metricsFrame(), time: new Date(Date.parse('2026-01-01T00:01:00Z') + second * 1_000).toISOString() }, 0);
    expect(withHistory(state, measured).histories['main/d']?.times).toHaveLength(historyLength);
  });
});
