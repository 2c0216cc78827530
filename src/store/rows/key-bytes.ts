/** Keys and tags as bytes that keep every JavaScript text apart, also halves of surrogate pairs, which UTF-8 would fold into one. */

const surrogate = /[\ud800-\udfff]/;
/** Bytes of a tag, as stores write it. */
export const tagBytes = 16;

/**
 * Writes a text as CESU-8 (Unicode Technical Report 26): UTF-8 of each UTF-16 code unit by itself. A text begins with
 * another exactly when its bytes begin with the other's.
 */
export function keyBytes(text: string): Buffer {
  if (!surrogate.test(text)) return Buffer.from(text, "utf8");
  const bytes = Buffer.allocUnsafe(text.length * 3);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      bytes[length++] = unit;
    } else if (unit < 0x800) {
      bytes[length++] = 0xc0 | (unit >> 6);
      bytes[length++] = 0x80 | (unit & 0x3f);
    } else {
      bytes[length++] = 0xe0 | (unit >> 12);
      bytes[length++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[length++] = 0x80 | (unit & 0x3f);
    }
  }
  return bytes.subarray(0, length);
}

/** Gives the first bytes that come after everything that begins with `prefix`, in the order of bytes. */
export function afterPrefix(prefix: Buffer): Buffer {
  if (prefix.length === 0) return Buffer.from([0xff]);
  const after = Buffer.from(prefix);
  // No byte of CESU-8 is above 0xef, so that one more is still a byte.
  after[after.length - 1]! += 1;
  return after;
}

/** Writes a tag in a fixed number of bytes, whatever it holds: the start of its SHA-256. */
export function tagWord(tag: string): Buffer {
  return process.getBuiltinModule("node:crypto").hash("sha256", keyBytes(tag), "buffer").subarray(0, tagBytes);
}
