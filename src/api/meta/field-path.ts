// Where a field stands inside an object: as data for looking positions up, as text for people.

export type FieldPath = readonly (string | number)[];

const plainName = /^[A-Za-z_$][\w$-]*$/;

function segmentText(segment: string | number, isFirst: boolean): string {
  if (typeof segment === "number") return `[${segment}]`;
  if (!plainName.test(segment)) return `[${segment}]`;
  return isFirst ? segment : `.${segment}`;
}

/** Kubernetes' spelling: `spec.steps[1].setWeight`, `metadata.labels[example.com/team]`. */
export function formatPath(path: FieldPath): string {
  return path.map((segment, index) => segmentText(segment, index === 0)).join("");
}
