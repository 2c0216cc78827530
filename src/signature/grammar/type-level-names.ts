/** The twin of grammar-names.ts: the names of the grammar as types. */

/** Types that are one word, and what they are in TypeScript. */
export interface Plain {
  str: string;
  string: string;
  int: number;
  float: number;
  number: number;
  bool: boolean;
  boolean: boolean;
  any: unknown;
  Any: unknown;
  unknown: unknown;
  None: null;
  null: null;
  date: string;
  datetime: string;
}
/** Types that take arguments, by every spelling. */
export interface Generics {
  list: "list";
  List: "list";
  Array: "list";
  set: "list";
  Set: "list";
  tuple: "tuple";
  Tuple: "tuple";
  dict: "record";
  Dict: "record";
  Record: "record";
  Optional: "optional";
  Union: "union";
  Literal: "literal";
}
/** What a generic means without arguments. */
export interface Bare {
  list: unknown[];
  tuple: unknown[];
  record: Record<string, unknown>;
}
/** The type names a record's key may have. */
export type KeyName = "str" | "string" | "int" | "float" | "number" | "date" | "datetime" | "any" | "Any" | "unknown";

/** The commonest types as they are usually spelled, to be read whole. What is not among them is read by the grammar. */
export type Usual = Plain & { [K in keyof Plain as `list[${K}]` | `${K}[]`]: Plain[K][] } & {
  [K in keyof Plain as `Optional[${K}]` | `${K} | None` | `${K} | null`]: Plain[K] | null;
};

/** Common slips. The runtime parser measures the distance to every name; here a table must do. */
export interface Misspelt {
  strr: "str";
  sr: "str";
  st: "str";
  srt: "str";
  sting: "string";
  strng: "string";
  stirng: "string";
  strin: "string";
  strings: "string";
  text: "str";
  integer: "int";
  itn: "int";
  in: "int";
  intt: "int";
  ints: "int";
  double: "float";
  decimal: "float";
  flaot: "float";
  floot: "float";
  flot: "float";
  floats: "float";
  numer: "number";
  nubmer: "number";
  numbers: "number";
  bol: "bool";
  boool: "bool";
  boolen: "boolean";
  bolean: "boolean";
  booleen: "boolean";
  none: "None";
  nul: "null";
  nil: "None";
  void: "None";
  undefined: "None";
  lst: "list";
  lits: "list";
  lists: "list";
  array: "list";
  dic: "dict";
  dcit: "dict";
  dicts: "dict";
  object: "dict";
  map: "dict";
  record: "Record";
  optional: "Optional";
  optinal: "Optional";
  union: "Union";
  literal: "Literal";
  litteral: "Literal";
  enum: "Literal";
  tupel: "tuple";
  timestamp: "datetime";
  time: "datetime";
}
