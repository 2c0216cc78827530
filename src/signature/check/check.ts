/** Compiles types to checkers, once: the one place that knows which checker belongs to which kind of type. */

import type { Field, FieldType, RegisteredType } from "../field.ts";
import { listChecker, recordChecker, setChecker, tupleChecker } from "./check-list.ts";
import { objectChecker } from "./check-object.ts";
import { registeredChecker } from "./check-registered.ts";
import { literalChecker, scalarCheckers } from "./check-scalar.ts";
import { unionChecker } from "./check-union.ts";
import type { Checker } from "./checker.ts";
import { anyChecker } from "./safe-value.ts";

const compiled = new WeakMap<RegisteredType, Checker>();

/** Compiles fields to the checker of the object that has them. */
export function compileFields(fields: readonly Field[]): Checker {
  return objectChecker(fields, (field) => compileType(field.type));
}

/** Compiles one type. A registered type is compiled once, however often it is named. */
export function compileType(type: FieldType): Checker {
  switch (type.kind) {
    case "any":
      return anyChecker;
    case "list":
      return listChecker(compileType(type.item));
    case "set":
      return setChecker(compileType(type.item));
    case "record":
      return recordChecker(compileType(type.value));
    case "tuple":
      return tupleChecker(type.items.map(compileType));
    case "literal":
      return literalChecker(type);
    case "union":
      return unionChecker(type.members.map(compileType));
    case "object":
      return compileFields(type.fields);
    case "registered":
      return compileRegistered(type.registered);
    default:
      return scalarCheckers[type.kind];
  }
}

function compileRegistered(registered: RegisteredType): Checker {
  const known = compiled.get(registered);
  if (known !== undefined) return known;
  const checker =
    registered.type === undefined
      ? registeredChecker(registered, compileType)
      : { ...compileType(registered.type), text: registered.name };
  compiled.set(registered, checker);
  return checker;
}
