/** The formats of JSON Schema that are checked; any other is only a remark, as the specification has it. */

import { isDate, isDateTime } from "../../check/calendar.ts";

const hostLabel = "(?!-)[A-Za-z\\d-]{0,62}[A-Za-z\\d]";
const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const atom = '[^\\s@."(),:;<>[\\]\\\\]{1,64}';

const hostname = new RegExp(`^${hostLabel}(?:\\.${hostLabel}){0,126}$`);
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
/** Atoms with dots between them, or quoted text (RFC 5321). */
const localPart = new RegExp(`^(?:${atom}(?:\\.${atom}){0,31}|"(?:[^"\\\\]|\\\\.){0,62}")$`);

/** Labels of letters, digits and hyphens, in any script. */
const domainName = /^[A-Za-z\d\u0080-\u{10ffff}-]{1,63}(?:\.[A-Za-z\d\u0080-\u{10ffff}-]{1,63}){1,8}$/u;

const formats: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ["date", isDate],
  ["date-time", isDateTime],
  // A leap second depends on the offset alone, so any day will do.
  ["time", (value) => isDateTime(`2000-01-01T${value}`)],
  ["email", isEmail],
  ["uri", (value) => URL.canParse(value)],
  ["uuid", (value) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)],
  ["ipv4", (value) => ipv4.test(value)],
  ["hostname", isHostname],
]);

function isHostname(value: string): boolean {
  return value.length <= 253 && hostname.test(value);
}

/** A domain has a dot, or is an address in brackets. */
function isEmail(value: string): boolean {
  const at = value.lastIndexOf("@");
  if (value.length > 254 || at < 1 || at > 64 || !localPart.test(value.slice(0, at))) return false;
  const domain = value.slice(at + 1);
  const literal = /^\[(?:IPv6:([\da-fA-F:.]{2,45})|([\d.]{7,15}))\]$/.exec(domain);
  if (literal !== null)
    return literal[2] === undefined ? URL.canParse(`http://[${literal[1]}]`) : ipv4.test(literal[2]);
  return domain.includes(".") && !ipv4.test(domain) && domainName.test(domain);
}

/** Gives the check of a format: of `date`, `date-time`, `time`, `email`, `uri`, `uuid`, `ipv4` and `hostname`. */
export function formatOf(format: string): ((value: string) => boolean) | undefined {
  return formats.get(format);
}
