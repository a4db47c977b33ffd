// Numbers, sizes and times as people read them.

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY_AND_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const whole = (number) => WHOLE.format(number);

/** With the digits that matter: two behind the point below 1, one below 100. */
export function rate(number) {
  if (number >= 100) return whole(number);
  return `${Number(number.toFixed(number < 1 ? 2 : 1))}`;
}

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  let value = number;
  let unit = 'B';
  for (unit of ['KiB', 'MiB', 'GiB', 'TiB']) {
    value /= 1024;
    if (value < 1023.5) break;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${unit}`;
}

export function ms(number) {
  if (number <= 0) return '0';
  if (number < 0.1) return `${Math.round(number * 1000)} µs`;
  if (number < 10) return `${number.toFixed(2)} ms`;
  if (number < 1000) return `${Math.round(number)} ms`;
  return `${(number / 1000).toFixed(1)} s`;
}

/** How long something has lasted, with the two units that matter. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The server's clock less ours. */
let skewMs = 0;

export function serverTimeIs(iso) {
  skewMs = Date.parse(iso) - Date.now();
}

/** How long ago that was, or how soon it will be. */
export function away(iso) {
  const agoMs = Date.now() + skewMs - Date.parse(iso);
  if (agoMs < -999) return `in ${span(-agoMs)}`;
  return agoMs < 1000 ? 'now' : `${span(agoMs)} ago`;
}

/** A cause of a failure without the package of its class. */
export const shortCause = (cause) => cause.replace(/^([a-z]\w*\.)+(?=[A-Z])/, '');

export const time = (iso) => TIME.format(new Date(iso));

export const dayAndTime = (iso) => DAY_AND_TIME.format(new Date(iso));

export const plural = (number, one, many = `${one}s`) => `${whole(number)} ${number === 1 ? one : many}`;
