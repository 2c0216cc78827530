/** Dates as JSON carries them: ISO text, checked against the real calendar, and bent to it when there is only one reading. */

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/;
const dateTimePattern = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Tells whether text is `YYYY-MM-DD` of a day that exists (RFC 3339 full-date). */
export function isDate(text: string): boolean {
  const match = datePattern.exec(text);
  return match !== null && dayExists(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Tells whether text is an RFC 3339 date-time: with seconds and an offset; a leap second only at 23:59:60 UTC. */
export function isDateTime(text: string): boolean {
  const match = dateTimePattern.exec(text);
  if (match === null || text[10] === " " || !isDate(match[1]!)) return false;
  const [hour, minute, second] = [Number(match[2]), Number(match[3]), Number(match[4])];
  const [offsetHour, offsetMinute] = [Number(match[7] ?? 0), Number(match[8] ?? 0)];
  if (hour > 23 || minute > 59 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second <= 59) return true;
  const sign = match[6] === "-" ? -1 : 1;
  const minuteOfDay = (((hour * 60 + minute - sign * (offsetHour * 60 + offsetMinute)) % 1440) + 1440) % 1440;
  return second === 60 && minuteOfDay === 1439;
}

/** Bends a value to `YYYY-MM-DD` when only one day can be meant, else gives undefined. */
export function toDate(value: unknown): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString().slice(0, 10);
  if (typeof value !== "string" || value.length > 64) return undefined;
  const text = value.trim();
  if (isDate(text)) return text;
  if (dateTimeText(text) !== undefined) return text.slice(0, 10);
  for (const read of [yearFirst, yearLast, monthName]) {
    const found = read(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Bends a value to an RFC 3339 date-time. A time without an offset names no instant and gives undefined. */
export function toDateTime(value: unknown): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  return typeof value === "string" && value.length <= 64 ? dateTimeText(value.trim()) : undefined;
}

function dateTimeText(text: string): string | undefined {
  const spaced = text.replace(/^(\d{4}-\d{2}-\d{2}) +(\d)/, "$1T$2").replace(/ +(?=[Zz]$|[+-]\d{2}:?\d{2}$)/, "");
  // Seconds may be left out and the offset written without a colon, as ISO 8601 allows.
  const full = spaced
    .replace(/([+-]\d{2})(\d{2})$/, (all, hours: string, minutes: string) =>
      spaced.length > 16 ? `${hours}:${minutes}` : all,
    )
    .replace(/([Tt]\d{2}:\d{2})(?=[Zz]$|[+-]\d{2}:\d{2}$)/, "$1:00");
  return isDateTime(full) ? full : undefined;
}

function yearFirst(text: string): string | undefined {
  const match = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(text) ?? /^(\d{4})()(\d{2})(\d{2})$/.exec(text);
  return match === null ? undefined : dayText(Number(match[1]), Number(match[3]), Number(match[4]));
}

function yearLast(text: string): string | undefined {
  const match = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$/.exec(text);
  if (match === null) return undefined;
  const [first, second, year] = [Number(match[1]), Number(match[3]), Number(match[4])];
  // 05/01 may be May or January; 25/12 and 12/25 are both Christmas.
  if (first !== second && first <= 12 && second <= 12) return undefined;
  return first > 12 ? dayText(year, second, first) : dayText(year, first, second);
}

const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

function monthName(text: string): string | undefined {
  const american = /^([A-Za-z]{3,9})\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})$/.exec(text);
  const other = /^(\d{1,2})(?:st|nd|rd|th)?\.? +([A-Za-z]{3,9})\.?,? +(\d{4})$/.exec(text);
  const [name, day, year] = american ? [american[1], american[2], american[3]] : [other?.[2], other?.[1], other?.[3]];
  if (name === undefined) return undefined;
  const lower = name.toLowerCase();
  const isNamed = (month: string) => lower === month || lower === month.slice(0, 3);
  const index = lower === "sept" ? 8 : months.findIndex(isNamed);
  return index < 0 ? undefined : dayText(Number(year), index + 1, Number(day));
}

function dayText(year: number, month: number, day: number): string | undefined {
  if (!dayExists(year, month, day)) return undefined;
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

function dayExists(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}
