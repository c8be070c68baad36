import type { Drill, EventEntry, Program, Status } from '../api/types';

/** What moves each second (docs/operations/websocket.md). */
export interface DestinationMetrics {
  id: string;
  state: string;
  verdict: string;
  uptimeSeconds: number;
  bitrateKbps: number;
  fps: number;
  framesSent: number;
  framesDropped: number;
  bytesSent: number;
  queueMs: number;
  unackedBytes: number;
  roundTripMs: number;
}

export interface SourceMetrics {
  id: string;
  state: string;
  fps: number;
  videoBitrateKbps: number;
  audioBitrateKbps: number;
  keyframeIntervalSeconds: number;
}

export interface ChannelMetrics {
  channel: string;
  state: string;
  uptimeSeconds: number;
  viewers: number;
  program: Program;
  sources: SourceMetrics[];
  destinations: DestinationMetrics[];
}

export type LiveEvent = Omit<EventEntry, 'position'>;

export type Frame =
  | { type: 'status'; time: string; channel: string; data: Status }
  | { type: 'event'; time: string; channel: string | null; data: LiveEvent }
  | { type: 'metrics'; time: string; channel: null; data: { channels: ChannelMetrics[]; clients: number } }
  | { type: 'drill'; time: string; channel: string; data: Drill }
  | { type: 'webhooks'; time: string; channel: null; data: { webhooks: string[] } };

const types: ReadonlySet<unknown> = new Set(['status', 'event', 'metrics', 'drill', 'webhooks'] satisfies Frame['type'][]);

/** A frame of the server; null: none that this version knows. */
export function parseFrame(text: string): Frame | null {
  const frame: unknown = JSON.parse(text);
  if (typeof frame !== 'object' || frame === null || !('type' in frame)) return null;
  return types.has(frame.type) ? (frame as Frame) : null;
}
