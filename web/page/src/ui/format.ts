/** Numbers and times as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units, with two or three digits: `7.8 MB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A span of time in its largest sensible unit: `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** A rate with one digit after the point below a hundred. */
export function rate(value: number): string {
  return value >= 99.95 ? Math.round(value).toString() : value.toFixed(1);
}

/** Three digits, or more before the point. */
function three(value: number): string {
  return value >= 99.95 ? Math.round(value).toString() : value.toPrecision(3);
}

/** A short span of time: `3.21 µs`, `45.6 ms`. */
export function microseconds(value: number): string {
  if (value < 999.5) return `${three(value)} µs`;
  return value < 999_500 ? `${three(value / 1e3)} ms` : `${three(value / 1e6)} s`;
}

/** A rate in the unit that fits: `4.28 TB/s`. */
export function perSecond(value: number, unit: string): string {
  let [scaled, step] = [value, 0];
  while (scaled >= 999.5 && step < 4) [scaled, step] = [scaled / 1000, step + 1];
  return `${three(scaled)} ${['', 'k', 'M', 'G', 'T'][step]}${unit}/s`;
}

/** A share of one: `83 %`. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** A moment, shorter the nearer it is. */
export function moment(time: number): string {
  const date = new Date(time);
  const today = new Date().toDateString() === date.toDateString();
  return date.toLocaleString(undefined, today ? { timeStyle: 'short' } : { dateStyle: 'medium' });
}

/** A text as a file's name. */
export function fileName(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 60) || 'gemmule';
}
