/** A list of figures as measurement.value shows it: `[1,2.5]`. */
export function answerText(values: readonly number[], print: (value: number) => string): string {
  return `[${values.map(print).join(",")}]`;
}
