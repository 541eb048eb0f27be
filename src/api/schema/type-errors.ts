// What a schema finds wrong, as field errors in the words of an API server that checks a CRD.
import type { FieldError, Place } from "../meta/field-error.ts";
import { notSupported, placeOf, required } from "../meta/field-error.ts";
import { typeNameOf } from "./conform.ts";
import type { TypeProblem } from "./conform.ts";

function typeError(place: Place, { expected, actual }: TypeProblem): FieldError {
  const actualType = typeNameOf(actual);
  // A value of the right JSON type in a wrong format is shown; of a wrong type only the type is.
  if (
    expected === "date-time" ||
    expected === "byte" ||
    expected === "quantity" ||
    expected === actualType
  ) {
    const shown = typeof actual === "string" || typeof actual === "number" ? actual : actualType;
    const message = `${place.field} in body must be of type ${expected}: ${JSON.stringify(shown)}`;
    return { kind: "invalid", ...place, value: shown, message };
  }
  const message = `${place.field} in body must be of type ${expected}: "${actualType}"`;
  return { kind: "typeInvalid", ...place, value: actualType, message };
}

export function typeErrorOf(problem: TypeProblem): FieldError {
  const place = placeOf(problem.path);
  switch (problem.kind) {
    case "missing":
      return required(place, "");
    case "unknownValue":
      return notSupported(
        place,
        typeof problem.actual === "string" ? problem.actual : typeNameOf(problem.actual),
        problem.known ?? [],
      );
    case "wrongType":
      return typeError(place, problem);
  }
}
