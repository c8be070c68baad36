/**
 * Where people send to, written by hand from the platforms' own pages and field reports; every address can be changed in the form, since platforms move.
 * Numbers are what they take from ordinary accounts.
 */
export interface Platform {
  id: string;
  name: string;
  /** Two letters for its tile. */
  mark: string;
  /** What the server calls it. */
  kind: 'twitch' | 'youtube' | 'facebook' | 'x' | 'kick' | 'cloudflare' | 'custom';
  /** The ingest for everybody; empty: each account or event has its own. */
  url: string;
  /** An example where the address is one's own. */
  urlExample?: string;
  /** Where to find address and key. */
  where: string;
  /** What it accepts, in short. */
  takes: string;
  limits: { videoKbps: number | null; keyframeSeconds: number; fps: number | null };
}

export const platforms: readonly Platform[] = [
  {
    id: 'twitch', name: 'Twitch', mark: 'Tw', kind: 'twitch', url: 'rtmp://live.twitch.tv/app',
    where: 'Creator Dashboard › Settings › Stream: the primary stream key.',
    takes: 'H.264 up to 6 Mbit/s, 1080p60, keyframe every 2 s, AAC up to 320 kbit/s',
    limits: { videoKbps: 6_000, keyframeSeconds: 2, fps: 60 },
  },
  {
    id: 'youtube', name: 'YouTube', mark: 'Yt', kind: 'youtube', url: 'rtmps://a.rtmps.youtube.com:443/live2',
    where: 'YouTube Studio › Create › Go live › Stream: the stream key.',
    takes: 'H.264, HEVC or AV1 up to 51 Mbit/s, keyframe every 2 s (4 s at most)',
    limits: { videoKbps: 51_000, keyframeSeconds: 4, fps: 60 },
  },
  {
    id: 'facebook', name: 'Facebook', mark: 'Fb', kind: 'facebook', url: 'rtmps://live-api-s.facebook.com:443/rtmp/',
    where: 'Live Producer › Streaming software: the stream key.',
    takes: 'H.264 up to 9 Mbit/s, 1080p60, keyframe every 2 s (4 s at most); sound from the start',
    limits: { videoKbps: 9_000, keyframeSeconds: 4, fps: 60 },
  },
  {
    id: 'x', name: 'X', mark: 'X', kind: 'x', url: 'rtmp://va.pscp.tv:80/x',
    where: 'Media Studio › Producer: server and key of your source. The address differs by region.',
    takes: 'H.264 up to 12 Mbit/s, 60 fps, keyframe every 3 s, AAC up to 128 kbit/s',
    limits: { videoKbps: 12_000, keyframeSeconds: 3, fps: 60 },
  },
  {
    id: 'kick', name: 'Kick', mark: 'Ki', kind: 'kick', url: '', urlExample: 'rtmps://….global-contribute.live-video.net/app',
    where: 'Creator Dashboard › Settings › Stream: the address of your account and the stream key.',
    takes: 'H.264 up to 8 Mbit/s, 1080p60, keyframe every 2 s',
    limits: { videoKbps: 8_000, keyframeSeconds: 2, fps: 60 },
  },
  {
    id: 'cloudflare', name: 'Cloudflare Stream', mark: 'Cf', kind: 'cloudflare', url: 'rtmps://live.cloudflare.com:443/live/',
    where: 'Stream › Live inputs › your input › Connection information.',
    takes: 'H.264 from 2 to 14 Mbit/s, closed groups of pictures of 2 to 10 s',
    limits: { videoKbps: 14_000, keyframeSeconds: 10, fps: null },
  },
  {
    id: 'instagram', name: 'Instagram', mark: 'Ig', kind: 'custom', url: 'rtmps://live-upload.instagram.com:443/rtmp/',
    where: 'Instagram on the web › Create › Live video: the stream key. It is made for each broadcast.',
    takes: 'upright 720x1280, 30 fps, up to 6 Mbit/s',
    limits: { videoKbps: 6_000, keyframeSeconds: 2, fps: 30 },
  },
  {
    id: 'tiktok', name: 'TikTok', mark: 'Tk', kind: 'custom', url: '', urlExample: 'rtmp://push-rtmp-….tiktokcdn.com/game',
    where: 'LIVE Producer: address and key. Both are made for each broadcast.',
    takes: 'upright 720x1280 or 1080x1920, 30 fps, up to 6 Mbit/s',
    limits: { videoKbps: 6_000, keyframeSeconds: 2, fps: 30 },
  },
  {
    id: 'linkedin', name: 'LinkedIn', mark: 'Li', kind: 'custom', url: '', urlExample: 'rtmps://….channel.media.azure.net:2935/live',
    where: 'Your Live event › Custom stream (RTMP): address and key.',
    takes: '720p or 1080p, 30 fps, up to 6 Mbit/s, AAC 128 kbit/s',
    limits: { videoKbps: 6_000, keyframeSeconds: 2, fps: 30 },
  },
  {
    id: 'rumble', name: 'Rumble', mark: 'Ru', kind: 'custom', url: '', urlExample: 'rtmp://….live.rmbl.ws/slot-1',
    where: 'Go live › Streaming software: address and key of your account.',
    takes: 'H.264, keyframe every 2 s',
    limits: { videoKbps: null, keyframeSeconds: 2, fps: 60 },
  },
  {
    id: 'trovo', name: 'Trovo', mark: 'Tr', kind: 'custom', url: 'rtmp://livepush.trovo.live/live/',
    where: 'Trovo Studio › Stream › Streaming settings: the stream key.',
    takes: 'H.264 up to 9 Mbit/s, keyframe every 2 s, AAC up to 160 kbit/s',
    limits: { videoKbps: 9_000, keyframeSeconds: 2, fps: 60 },
  },
  {
    id: 'custom', name: 'Any RTMP server', mark: '…', kind: 'custom', url: '', urlExample: 'rtmp://live.example.net/app',
    where: 'Any server that takes RTMP or RTMPS.',
    takes: 'whatever that server takes',
    limits: { videoKbps: null, keyframeSeconds: 4, fps: null },
  },
];

/** What the server keeps is the kind alone; the rest stands in the address. */
export function platformOf(kind: string, url: string): Platform | undefined {
  const host = /^rtmps?:\/\/([^/:?]+)/i.exec(url)?.[1]?.toLowerCase();
  return (
    platforms.find(platform => platform.kind === kind && kind !== 'custom') ??
    platforms.find(platform => platform.kind === 'custom' && platform.url !== '' && host !== undefined && platform.url.includes(`//${host}`))
  );
}
