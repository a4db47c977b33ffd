import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterClose, pauseMs, retryAfterMs } from '../src/policy.js';

const BACKOFF = { baseMs: 250, capMs: 30_000 };

test('a close code says what follows', () => {
  const table: Record<string, number[]> = {
    stop: [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3999, 4000, 4999],
    retry: [1001, 1005, 1006, 1011, 1014, 1015],
    soon: [1012],
    later: [1013],
  };
  for (const [next, codes] of Object.entries(table)) {
    for (const code of codes) assert.equal(afterClose(code), next, `${code}`);
  }
});

test('the longest pause doubles from 250 ms to 30 s, and each client waits a random part of it', () => {
  const longest = Array.from({ length: 9 }, (_, failures) => pauseMs('retry', failures, 1, BACKOFF));
  assert.deepEqual(longest, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(pauseMs('retry', 2_000, 1, BACKOFF), 30_000);
  assert.equal(pauseMs('retry', 5, 0, BACKOFF), 0);
});

test('a restart is waited for up to 2 s, and too much work 5 to 15 s, and longer after failures', () => {
  assert.equal(pauseMs('soon', 0, 1, BACKOFF), 2_000);
  assert.equal(pauseMs('soon', 4, 1, BACKOFF), 4_000);
  assert.equal(pauseMs('later', 0, 0, BACKOFF), 5_000);
  assert.equal(pauseMs('later', 0, 1, BACKOFF), 15_000);
  assert.equal(pauseMs('later', 9, 1, BACKOFF), 35_000);
});

test('Retry-After is obeyed, in seconds or as a date, up to an hour, and clients spread behind it', () => {
  assert.equal(retryAfterMs('7', 0), 7_000);
  assert.equal(retryAfterMs(new Date(60_000).toUTCString(), 20_000), 40_000);
  assert.equal(retryAfterMs('999999999', 0), 3_600_000);
  for (const none of [null, '', 'soon', '-1', new Date(0).toUTCString()]) {
    assert.equal(retryAfterMs(none, Date.UTC(2026, 0)), undefined);
  }
  assert.equal(pauseMs('retry', 0, 0, BACKOFF, 7_000), 7_000);
  assert.equal(pauseMs('retry', 0, 1, BACKOFF, 7_000), 8_000);
});
