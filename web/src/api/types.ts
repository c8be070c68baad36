import type { components } from './schema.gen';

type Schemas = components['schemas'];

/** With all fields: the document calls optional what has a default in the server, and the server always tells it. */
type Told<T> = T extends readonly (infer I)[] ? Told<I>[] : T extends object ? { [K in keyof T]-?: Told<Exclude<T[K], undefined>> } : T;

export type Status = Schemas['Status'];
export type Source = Schemas['Source'];
export type Stream = Schemas['Stream'];
export type Program = Schemas['Program'];
export type DestinationStatus = Schemas['DestinationStatus'];
export type Destination = Schemas['Destination'];
export type NewDestination = Schemas['NewDestinationRequest'];
export type ConnectionTest = Schemas['ConnectionTest'];
export type Key = Schemas['Key'];
export type Channel = Schemas['Channel'];
export type ChannelSettings = Schemas['ChannelSettings'];
export type Media = Schemas['Media'];
export type SignedUrl = Schemas['SignedUrl'];
export type Upload = Schemas['Upload'];
export type Me = Schemas['Me'];
export type Problem = Schemas['Problem'];
export type FieldError = Schemas['FieldError'];
export type EventEntry = Schemas['EventEntry'];
export type Permission = 'view' | 'operate' | 'manage' | 'administer';
export type BroadcastReport = Told<Schemas['BroadcastReport']>;
export type BroadcastSummary = Schemas['BroadcastSummary'];
export type Drill = Told<Schemas['DrillStatus']>;
export type DrillResult = Told<Schemas['DrillResult']>;
export type User = Schemas['User'];
export type Token = Schemas['Token'];
export type Session = Schemas['Session'];
export type Webhook = Schemas['Webhook'];
export type WebhookAttempt = Schemas['WebhookAttempt'];
export type WebhookDelivery = Schemas['WebhookDelivery'];
export type Log = Schemas['Log'];
export type LogEntry = Schemas['LogEntry'];
export type Configuration = Schemas['Configuration'];
export type Setting = Schemas['Setting'];
export type SystemInfo = Schemas['System'];
export type Health = Schemas['Health'];
export type MeasuredHistory = Schemas['History'];
