// The exposure measurement as a picture for the documents: failed requests until rollback over the canary's error rate.

export interface Line {
  readonly name: string;
  /** Error rate and failed requests; both above 0. `never`: it did not roll back in half of the hours. */
  readonly points: readonly {
    readonly rate: number;
    readonly failed: number;
    readonly never: boolean;
  }[];
}

const size = { width: 760, height: 420, left: 70, right: 210, top: 46, bottom: 56 };
const colours = ["#0b7a55", "#6cc3a0", "#c2410c", "#7c3aed", "#2563eb", "#b91c1c"];

const percent = (rate: number): string => `${Number((rate * 100).toPrecision(3))} %`;

/** An SVG with logarithmic axes. */
export function figureOf(title: string, lines: readonly Line[]): string {
  const rates = lines.flatMap(({ points }) => points.map(({ rate }) => rate));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(({ failed }) => failed)));
  const [from, to] = [Math.log10(Math.min(...rates)), Math.log10(Math.max(...rates))];
  const top = Math.ceil(Math.log10(most));
  const x = (rate: number): number =>
    size.left + ((Math.log10(rate) - from) / (to - from)) * (size.width - size.left - size.right);
  const y = (failed: number): number =>
    size.height -
    size.bottom -
    (Math.max(0, Math.log10(failed)) / top) * (size.height - size.top - size.bottom);
  const text = (at: readonly [number, number], words: string, more = ""): string =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`;
  const grid = Array.from({ length: top + 1 }, (_, power) => {
    const at = y(10 ** power);
    const line = `<path d="M${size.left} ${at.toFixed(1)}H${size.width - size.right}" stroke="#ddd"/>`;
    return line + text([size.left - 8, at + 4], String(10 ** power), 'text-anchor="end"');
  });
  const labels = [...new Set(rates)].map((rate) =>
    text([x(rate), size.height - size.bottom + 18], percent(rate), 'text-anchor="middle"'),
  );
  const drawn = lines.map(({ name, points }, index) => {
    const colour = colours[index % colours.length] ?? "#000";
    const path = points.map(({ rate, failed }, at) => {
      return `${at === 0 ? "M" : "L"}${x(rate).toFixed(1)} ${y(failed).toFixed(1)}`;
    });
    const dots = points.map(({ rate, failed, never }) => {
      const fill = never ? "#fff" : colour;
      return `<circle cx="${x(rate).toFixed(1)}" cy="${y(failed).toFixed(1)}" r="4" fill="${fill}" stroke="${colour}"/>`;
    });
    const key = text([size.width - size.right + 34, size.top + 20 * index + 4], name);
    const mark = `<path d="M${size.width - size.right + 12} ${size.top + 20 * index}h16" stroke="${colour}" stroke-width="2.5"/>`;
    return `<path d="${path.join("")}" fill="none" stroke="${colour}" stroke-width="2.5"/>${dots.join("")}${mark}${key}`;
  });
  const axis = text(
    [(size.left + size.width - size.right) / 2, size.height - 14],
    "requests the canary fails",
    'text-anchor="middle"',
  );
  const hollow = text(
    [size.width - size.right + 12, size.top + 20 * lines.length + 10],
    "hollow: never in the hour",
    'fill="#666"',
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text([size.left, 24], title, 'font-size="14" font-weight="600"'),
    ...grid,
    ...labels,
    ...drawn,
    axis,
    hollow,
    "</svg>",
    "",
  ].join("\n");
}
