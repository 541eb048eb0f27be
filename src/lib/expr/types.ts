/** What is known about a value before running. `unknown` is Go's `interface {}`: anything, decided while running. */
export type Type =
  | { readonly kind: "unknown"; readonly go: "interface {}" | "unknown" }
  | { readonly kind: "nil" }
  | { readonly kind: "bool" }
  | { readonly kind: "int"; readonly go: "int" | "int64" }
  | { readonly kind: "float" }
  | { readonly kind: "string" }
  | { readonly kind: "time" }
  | { readonly kind: "duration" }
  | { readonly kind: "list"; readonly element: Type; readonly go: string }
  | { readonly kind: "map"; readonly element: Type; readonly go: string }
  /** A Go type without operators: bytes, locations, months, functions. */
  | { readonly kind: "other"; readonly go: string };

export const UNKNOWN: Type = { kind: "unknown", go: "interface {}" };
/** As unknown as UNKNOWN, but something was done to it: messages call it by another name. */
export const UNTYPED: Type = { kind: "unknown", go: "unknown" };
export const NIL: Type = { kind: "nil" };
export const BOOL: Type = { kind: "bool" };
export const INT: Type = { kind: "int", go: "int" };
export const INT64: Type = { kind: "int", go: "int64" };
export const FLOAT: Type = { kind: "float" };
export const STRING: Type = { kind: "string" };
export const TIME: Type = { kind: "time" };
export const DURATION: Type = { kind: "duration" };

export function listOf(element: Type, go = "[]interface {}"): Type {
  return { kind: "list", element, go };
}

export const ANY_LIST: Type = listOf(UNKNOWN);
export const ANY_MAP: Type = { kind: "map", element: UNKNOWN, go: "map[string]interface {}" };

/** A type as mismatch messages show it. */
export function nameOf(type: Type): string {
  switch (type.kind) {
    case "nil":
      return "unknown";
    case "float":
      return "float64";
    case "time":
      return "time.Time";
    case "duration":
      return "time.Duration";
    case "bool":
    case "string":
      return type.kind;
    case "unknown":
    case "int":
    case "list":
    case "map":
    case "other":
      return type.go;
  }
}

/** A type as the builtins' own argument checks show it; a bare nil comes out of Go's printing unformatted. */
export function nameInArgumentCheck(type: Type): string {
  return type.kind === "nil" ? "%!s(<nil>)" : nameOf(type);
}

export function isNumber(type: Type): boolean {
  return type.kind === "int" || type.kind === "float";
}

export function sameType(left: Type, right: Type): boolean {
  return left.kind === right.kind && nameOf(left) === nameOf(right);
}

/** The type of a value that is one of two: nil adds nothing, two different types make it untyped. */
export function eitherType(left: Type, right: Type): Type {
  if (left.kind === "nil") return right;
  if (right.kind === "nil") return left;
  return sameType(left, right) ? left : UNTYPED;
}
