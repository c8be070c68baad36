import type { DestinationStatus, MeasuredHistory, Source, Status } from '../api/types';
import type { ChannelMetrics, Frame, LiveEvent } from './frames';

/** Ten minutes of curves at one value a second, as many as the server keeps. */
export const historyLength = 600;

/** What the small curves in rows show of it: two minutes. */
export const sparkLength = 120;

/** Enough for the strip of what happened; the journal has the rest. */
export const keptEvents = 200;

/** Measurements, one a second; all lists are equally long, the newest is last. */
export interface History {
  /** When, server time, seconds. */
  times: readonly number[];
  bitrateKbps: readonly number[];
  fps: readonly number[];
  /** Media that waits to be sent, milliseconds; 0 for what has no queue. */
  queueMs: readonly number[];
}

type Measured = { [name in keyof History]: number };

/** Everything that is live. Immutable: what has not changed stays the same object. */
export interface LiveState {
  /** By channel. */
  readonly statuses: Readonly<Record<string, Status>>;
  /** By "channel/destination id", "channel" for the program, and "channel/source/source id". */
  readonly histories: Readonly<Record<string, History>>;
  /** Newest first. */
  readonly events: readonly LiveEvent[];
  /** Server time less browser time, milliseconds. */
  readonly clockOffsetMs: number;
}

export const emptyState: LiveState = { statuses: {}, histories: {}, events: [], clockOffsetMs: 0 };

/** The state after a frame that came at `now` (browser time, milliseconds). */
export function applyFrame(state: LiveState, frame: Frame, now: number): LiveState {
  switch (frame.type) {
    case 'status':
      return { ...state, statuses: { ...state.statuses, [frame.channel]: frame.data }, clockOffsetMs: Date.parse(frame.time) - now };
    case 'event':
      return withEvents(state, [frame.data]);
    // Pages that read these by REST are told, see live.tsx.
    case 'drill':
    case 'webhooks':
      return state;
    case 'metrics': {
      const statuses: Record<string, Status> = {};
      const histories: Record<string, History> = {};
      // Channels and destinations that are gone are in no metrics any more, and lose their curves here.
      const times = Date.parse(frame.time) / 1_000;
      const extend = (key: string, bitrateKbps: number, fps: number, queueMs = 0) => {
        histories[key] = extended(state.histories[key], { times, bitrateKbps, fps, queueMs });
      };
      for (const metrics of frame.data.channels) {
        const before = state.statuses[metrics.channel];
        if (before) statuses[metrics.channel] = withMetrics(before, metrics);
        extend(metrics.channel, metrics.program.bitrateKbps, metrics.program.fps);
        for (const { id, videoBitrateKbps, audioBitrateKbps, fps } of metrics.sources) extend(`${metrics.channel}/source/${id}`, videoBitrateKbps + audioBitrateKbps, fps);
        for (const { id, bitrateKbps, fps, queueMs } of metrics.destinations) extend(`${metrics.channel}/${id}`, bitrateKbps, fps, queueMs);
      }
      return { ...state, statuses, histories, clockOffsetMs: Date.parse(frame.time) - now };
    }
  }
}

/** Adds events of the journal or of the WebSocket: each once, newest first. */
export function withEvents(state: LiveState, added: readonly LiveEvent[]): LiveState {
  const known = new Set(state.events.map(event => event.id));
  const fresh = added.filter(event => !known.has(event.id));
  if (fresh.length === 0) return state;
  const events = [...fresh, ...state.events].sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(0, keptEvents);
  return { ...state, events };
}

const nothing: History = { times: [], bitrateKbps: [], fps: [], queueMs: [] };

/** Puts what the server has measured so far (by REST) between what was heard before it began to measure (it was started anew) and what was heard since. */
export function withHistory(state: LiveState, measured: MeasuredHistory): LiveState {
  const from = Date.parse(measured.from) / 1_000;
  const histories: Record<string, History> = { ...state.histories };
  for (const curve of measured.curves) {
    const key = curve.kind === 'program' ? measured.channel : curve.kind === 'source' ? `${measured.channel}/source/${curve.id}` : `${measured.channel}/${curve.id}`;
    const earlier: Measured[] = curve.bitrateKbps.flatMap((bitrateKbps, index) =>
      bitrateKbps === null ? [] : [{ times: from + index, bitrateKbps, fps: curve.fps[index] ?? 0, queueMs: curve.queueMs[index] ?? 0 }],
    );
    const heard = histories[key] ?? nothing;
    const heardBefore = (second: number) => heard.times.filter(time => time < second).length;
    const [before, since] = [heardBefore(earlier[0]?.times ?? Infinity), heardBefore((earlier.at(-1)?.times ?? Infinity) + 1)];
    const joined = (name: keyof History) => [...heard[name].slice(0, before), ...earlier.map(each => each[name]), ...heard[name].slice(since)].slice(-historyLength);
    histories[key] = { times: joined('times'), bitrateKbps: joined('bitrateKbps'), fps: joined('fps'), queueMs: joined('queueMs') };
  }
  return { ...state, histories };
}

function extended(history: History | undefined, measured: Measured): History {
  const longer = (name: keyof History) => [...(history?.[name] ?? []).slice(1 - historyLength), measured[name]];
  return { times: longer('times'), bitrateKbps: longer('bitrateKbps'), fps: longer('fps'), queueMs: longer('queueMs') };
}

// The metrics are newer than the status: states and numbers come from them, words from the status.
function withMetrics(status: Status, metrics: ChannelMetrics): Status {
  const sources = status.sources.map(source => withSource(source, metrics));
  return {
    ...status,
    state: metrics.state,
    uptimeSeconds: metrics.uptimeSeconds,
    viewers: metrics.viewers,
    program: metrics.program,
    sources,
    source: sources.find(source => source.id === status.source.id) ?? status.source,
    destinations: status.destinations.map((destination): DestinationStatus => ({ ...destination, ...metrics.destinations.find(({ id }) => id === destination.id) })),
  };
}

function withSource(source: Source, metrics: ChannelMetrics): Source {
  const found = metrics.sources.find(({ id }) => id === source.id);
  if (!found) return source;
  return {
    ...source,
    state: found.state,
    video: source.video && { ...source.video, fps: Math.round(found.fps * 100) / 100, bitrateKbps: found.videoBitrateKbps, keyframeIntervalSeconds: found.keyframeIntervalSeconds },
    audio: source.audio && { ...source.audio, bitrateKbps: found.audioBitrateKbps },
  };
}
