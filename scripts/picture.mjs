// Draws what a command printed as an SVG: haldane demo | node scripts/picture.mjs "haldane demo" > docs/demo.svg
const title = process.argv[2] ?? "";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const lines = [`$ ${title}`, ...text.trimEnd().split("\n")];
const escape = (line) =>
  line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const cell = { width: 7.8, height: 17 };
const columns = Math.min(110, Math.max(...lines.map((line) => line.length)));
const width = Math.ceil(columns * cell.width + 32);
const height = lines.length * cell.height + 40;
const row = (line, index) =>
  `<text x="16" y="${32 + index * cell.height}" textLength="${(Math.min(columns, line.length) * cell.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escape(line.slice(0, columns))}</text>`;
process.stdout
  .write(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
<rect width="100%" height="100%" rx="8" fill="#10151f"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#d7dee9">
${lines
  .filter((line) => line.length > 0 || true)
  .map((line, index) => (line === "" ? "" : row(line, index)))
  .join("\n")}
</g>
</svg>
`);
