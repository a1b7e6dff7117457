import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, duration, fileName, microseconds, perSecond } from './format.ts';

test('bytes keep two or three digits in every unit', () => {
  const shown = [0, 999, 1000, 7_772_190, 99_949, 99_950, 999_600, 3_400_000_000].map(bytes);
  assert.deepEqual(shown, ['0 B', '999 B', '1.0 kB', '7.8 MB', '99.9 kB', '100 kB', '1.0 MB', '3.4 GB']);
});

test('a duration is rounded before it is split into units', () => {
  assert.deepEqual([40, 9_960, 59_600, 200_000, 3_900_000].map(duration), ['0.0 s', '10 s', '1 min 0 s', '3 min 20 s', '1 h 5 min']);
});

test('a short time has three digits, and so has a rate', () => {
  assert.deepEqual([0.5, 3.214, 99.96, 999.6, 45_600, 2_100_000].map(microseconds), ['0.500 µs', '3.21 µs', '100 µs', '1.00 ms', '45.6 ms', '2.10 s']);
  assert.deepEqual([12, 999.7, 4.28e12, 2e15].map((value) => perSecond(value, 'B')), ['12.0 B/s', '1.00 kB/s', '4.28 TB/s', '2000 TB/s']);
});

test('a file name keeps letters of every script and nothing that a path could use', () => {
  assert.equal(fileName('../Größe: 1/2?'), 'Größe-1-2');
  assert.equal(fileName('///'), 'gemmule');
});
