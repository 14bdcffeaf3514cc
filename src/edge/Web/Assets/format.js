// Numbers, money, times and conditions in the reader's words.
import { language, localized, text } from './language.js';

export const number = (value) => new Intl.NumberFormat(language()).format(value);

export function money({ currency, minor }) {
  // "5,000원" is how prices are written; the sign stands before the number only on receipts.
  if (currency === 'KRW' && language() === 'ko') { return `${number(minor)}원`; }
  const format = new Intl.NumberFormat(language(), { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export const time = (instant) => new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' }).format(instant);

/** The end of a time in which something is good: where it is midnight, the day before is the last one, and is what people say. */
export function end(instant) {
  const at = new Date(instant);
  const isMidnight = at.getHours() + at.getMinutes() + at.getSeconds() + at.getMilliseconds() === 0;
  return isMidnight ? new Intl.DateTimeFormat(language(), { dateStyle: 'medium' }).format(instant - 1) : time(instant);
}

/** From one instant to another; a line ends between the two, not within one. */
export const span = (from, to) => new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' }).formatRangeToParts(from, to)
  .map(({ type, source, value }) => (source === 'shared' && type === 'literal' && /[–~]/.test(value) ? `${value}\u200B` : value.replace(/\s/g, '\u00A0'))).join('');

export const clockTime = (instant) =>
  new Intl.DateTimeFormat(language(), { hour: 'numeric', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' }).format(instant);

/** A time span that counts down: whole seconds, rounded up, so that zero is the instant itself. */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (value) => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(seconds / 3_600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const days = Math.floor(seconds / 86_400);
  return days > 0 ? text('when.days', { days: number(days), time: clock }) : clock;
}

export function benefit(of) {
  switch (of.kind) {
    case 'amount': return text('benefit.amount', { money: money(of.amount) });
    case 'percent': return text('benefit.percent', { percent: number(of.percent) });
    case 'freeShipping': return text('benefit.freeShipping');
    default: return text('benefit.gift', { name: localized(of.name) });
  }
}

/** What limits the benefit. */
export function benefitLimits(of) {
  const limits = [];
  if (of.cap) { limits.push(text('benefit.cap', { money: money(of.cap) })); }
  if (of.minimumOrder) { limits.push(text('benefit.minimumOrder', { money: money(of.minimumOrder) })); }
  return limits.join(' · ');
}

export const validity = (of) => (of.until ? end(Date.parse(of.until)) : text(of.days === 1 ? 'validity.day' : 'validity.days', { days: number(of.days) }));

export function audience(conditions) {
  if (conditions.length === 0) { return text('audience.all'); }
  return conditions.map((condition) => {
    switch (condition.kind) {
      case 'grade': return text('audience.grade', { values: condition.anyOf.join(', ') });
      case 'memberSince': {
        const [before, after] = [condition.before, condition.after].map((instant) => instant && time(Date.parse(instant)));
        return before && after ? text('audience.memberSince.between', { before, after }) : text(`audience.memberSince.${before ? 'before' : 'after'}`, { time: before ?? after });
      }
      case 'tag': return text('audience.tag');
      case 'birthMonth': return text('audience.birthMonth');
      case 'list': return text('audience.list');
      case 'firstInGroup': return text('audience.firstInGroup');
      default: return condition.kind;
    }
  }).join(' · ');
}
