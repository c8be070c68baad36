import { expect, it } from 'vitest';
import { localNameIn } from './local-name';

it('knows the names by which a computer means itself', () => {
  expect(['rtmp://localhost:1935/live', 'rtmps://127.0.0.1/live', 'http://[::1]:4200', 'http://LOCALHOST'].map(localNameIn)).toEqual(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST']);
});

it('takes no other name for one', () => {
  expect(['rtmp://localhost.example.org/live', 'rtmp://127.example.org/live', 'rtmp://studio/localhost', ''].map(localNameIn)).toEqual([null, null, null, null]);
});
