/** Finds dates, numbers with their units, addresses and other marks that have a form, in linear time. */

import { isCalendarDate } from "../fill/schema-check.ts";

/** A date found in a text. */
export interface FoundDate {
  /** As it was written. */
  readonly text: string;
  /** `YYYY-MM-DD` when the day is known. */
  readonly day: string | undefined;
  readonly year: number;
  readonly at: number;
}

/** A number found in a text. */
export interface Figure {
  /** With its sign, unit and currency, as it was written. */
  readonly text: string;
  /** With "million" and the like multiplied in; 5 for `5 %`. */
  readonly value: number;
  readonly kind: "money" | "percent" | "plain";
  readonly at: number;
  readonly end: number;
}

const months = "january|february|march|april|may|june|july|august|september|october|november|december";
const shortMonths = "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec";
const monthNumbers = months.split("|");

const datePattern = new RegExp(
  [
    String.raw`(?<iso>(?<!\d)\d{4}-\d\d-\d\d(?!\d))`,
    String.raw`\b(?<m1>${months}|${shortMonths})\.? (?<d1>\d{1,2})(?:st|nd|rd|th)?,? (?<y1>\d{4})\b`,
    String.raw`\b(?<d2>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?<m2>${months}|${shortMonths})\.?,? (?<y2>\d{4})\b`,
    String.raw`\b(?<m3>${months}),? (?:of )?(?<y3>\d{4})\b`,
    String.raw`(?<![\d$€£¥.,/-])(?<y4>1[4-9]\d\d|20\d\d)(?![\d%/]|[.,-]\d)(?! (?:people|men|women|miles|acres|tons|dollars|percent|years))`,
  ].join("|"),
  "gi",
);

/**
 * Gives the dates of a text in order: ISO days, `January 5, 2024`, `5 Jan. 2024`, `March 1861` and lone years from 1400 to
 * 2099. Days that do not exist are left out; `1/2/2024` too, since it can mean two days.
 */
export function datesIn(text: string): FoundDate[] {
  const found: FoundDate[] = [];
  for (const match of text.matchAll(datePattern)) {
    const part = match.groups!;
    const month = part.m1 ?? part.m2;
    const year = part.y1 ?? part.y2 ?? part.y3 ?? part.y4 ?? part.iso!.slice(0, 4);
    const day = part.iso ?? (month ? isoDay(year, month, (part.d1 ?? part.d2)!) : undefined);
    if (day !== undefined && !isCalendarDate(day)) continue;
    found.push({ text: match[0], day, year: Number(year), at: match.index });
  }
  return found;
}

/** Gives the full timestamps of a text (RFC 3339, with their zone). */
export function timestampsIn(text: string): string[] {
  return text.match(/(?<!\d)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/g) ?? [];
}

function isoDay(year: string, month: string, day: string): string {
  const number = monthNumbers.findIndex((name) => name.startsWith(month.toLowerCase().slice(0, 3))) + 1;
  return `${year}-${`${number}`.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

const magnitudes: Readonly<Record<string, number>> = {
  hundred: 1e2,
  thousand: 1e3,
  k: 1e3,
  million: 1e6,
  m: 1e6,
  billion: 1e9,
  bn: 1e9,
  b: 1e9,
  trillion: 1e12,
};

const figurePattern =
  /(?<![\p{L}\d.,/])(?<sign>[-−]?)(?<currency>[$€£¥]\s?|\b(?:USD|EUR|GBP)\s)?(?<digits>\d{1,15}(?:,\d{3}){0,6}(?:\.\d{1,10})?)(?![\d/:]|[.,-]\d|\p{L}{4})(?:\s?(?<magnitude>hundred|thousand|million|billion|trillion|bn|k|m|b)\b)?(?:\s?(?<percent>%|per ?cent\b)|\s(?<coin>dollars|euros|pounds|cents|USD|EUR|GBP)\b)?/giu;

/** Gives the numbers of a text in order, with magnitude words, percent signs and currencies. Years within dates count as plain. */
export function figuresIn(text: string): Figure[] {
  const found: Figure[] = [];
  for (const match of text.matchAll(figurePattern)) {
    const { sign, currency, digits, magnitude, percent, coin } = match.groups!;
    const factor = magnitude ? magnitudes[magnitude.toLowerCase()]! : 1;
    const value = Number(digits!.replaceAll(",", "")) * factor * (sign ? -1 : 1);
    if (!Number.isFinite(value)) continue;
    const kind = percent ? "percent" : currency || coin ? "money" : "plain";
    const exact = factor === 1 ? value : Math.round(value * 1e6) / 1e6;
    found.push({ text: match[0].trim(), value: exact, kind, at: match.index, end: match.index + match[0].length });
  }
  return found;
}

/** Gives the figures of a text that are no part of a date and no lone year: what a statistic is made of. */
export function quantitiesIn(text: string): Figure[] {
  const dates = datesIn(text);
  return figuresIn(text).filter(({ at }) => !dates.some((date) => at >= date.at && at < date.at + date.text.length));
}

/** Gives the e-mail addresses of a text. */
export function emailsIn(text: string): string[] {
  const found: string[] = [];
  for (const piece of text.split(/[\s<>()[\],;:"']+/)) {
    if (piece.length > 254 || !piece.includes("@")) continue;
    const address = piece.replace(/[.!?]+$/, "");
    if (/^[\w.!#$%&*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/.test(address))
      found.push(address);
  }
  return found;
}

/** Gives the web addresses of a text. */
export function urlsIn(text: string): string[] {
  const found: string[] = [];
  for (const match of text.match(/\bhttps?:\/\/[^\s<>"'`{}|\\^]{1,2000}/gi) ?? []) {
    const url = match.replace(/[).,;:!?\]]{1,20}$/, "");
    if (URL.canParse(url)) found.push(url);
  }
  return found;
}

/** Gives the telephone numbers of a text: seven to fifteen digits that begin like one or are grouped like one. */
export function phonesIn(text: string): string[] {
  const found =
    text.match(/(?<![\d.,/-])\+?(?:\(\d{1,4}\)|\d{1,4})(?:[ .-](?:\(\d{1,4}\)|\d{1,8})){1,6}(?![\d/-])/g) ?? [];
  return found.filter((phone) => {
    const digits = phone.replace(/\D/g, "").length;
    const shaped = /^[+0(]/.test(phone) || /^\d{3}([ .-])\d{3}\1\d{4}$/.test(phone) || /^\d{1,3}-\d/.test(phone);
    return shaped && digits >= 7 && digits <= 15;
  });
}
