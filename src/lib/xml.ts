// Reading the XML that machines write: elements and their text. Attributes, comments and processing
// instructions are skipped; a document type is refused, so entities cannot be defined.

export interface XmlElement {
  /** Without namespace prefix. */
  readonly name: string;
  /** The element's own text, entities replaced, as it is written. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export type XmlResult =
  | { readonly ok: true; readonly root: XmlElement }
  | { readonly ok: false; readonly problem: string };

interface OpenElement {
  readonly name: string;
  readonly texts: string[];
  readonly children: XmlElement[];
}

/** One piece: CDATA, a comment or instruction, an end tag, a start tag, or text. */
const piece =
  /<!\[CDATA\[(?<data>[^]*?)\]\]>|<!--[^]*?-->|<\?[^]*?\?>|<\/(?<end>[^\s>]+)\s*>|<(?<start>[A-Za-z_][^\s/>]*)(?:"[^"]*"|'[^']*'|[^"'>])*?(?<empty>\/)?>|(?<text>[^<]+)/y;
const deepest = 100;

const entities: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

function decoded(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return characterOf(parseInt(String(hex), 16));
    if (decimal !== undefined) return characterOf(Number(decimal));
    const key = String(name);
    return Object.hasOwn(entities, key) ? (entities[key] ?? whole) : whole;
  });
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function closed({ name, texts, children }: OpenElement): XmlElement {
  return { name: localName(name), text: texts.join(""), children };
}

class Reader {
  readonly #document: OpenElement = { name: "", texts: [], children: [] };
  readonly #open: OpenElement[] = [];

  #innermost(): OpenElement {
    return this.#open.at(-1) ?? this.#document;
  }

  text(text: string): void {
    this.#innermost().texts.push(text);
  }

  start(name: string, isEmpty: boolean): string | undefined {
    if (this.#open.length === deepest) return "elements are nested too deeply";
    const element: OpenElement = { name, texts: [], children: [] };
    if (isEmpty) this.#innermost().children.push(closed(element));
    else this.#open.push(element);
    return undefined;
  }

  end(name: string): string | undefined {
    const element = this.#open.pop();
    if (element?.name !== name) return `</${name}> ends nothing`;
    this.#innermost().children.push(closed(element));
    return undefined;
  }

  result(): XmlResult {
    const left = this.#open.at(-1);
    if (left !== undefined) return { ok: false, problem: `<${left.name}> has no end` };
    const [root, second] = this.#document.children;
    if (root === undefined) return { ok: false, problem: "there is no element" };
    if (second !== undefined || this.#document.texts.join("").trim() !== "")
      return { ok: false, problem: "there is more than one element" };
    return { ok: true, root };
  }
}

function take(
  reader: Reader,
  groups: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { data, end, start, empty, text } = groups;
  if (start !== undefined) return reader.start(start, empty !== undefined);
  if (end !== undefined) return reader.end(end);
  const plain = data ?? (text === undefined ? undefined : decoded(text));
  if (plain !== undefined) reader.text(plain);
  return undefined;
}

/** The document's element, or what is wrong with it. */
export function parseXml(xml: string): XmlResult {
  const reader = new Reader();
  let at = xml.startsWith("\ufeff") ? 1 : 0;
  while (at < xml.length) {
    piece.lastIndex = at;
    const found = piece.exec(xml);
    if (found === null) return { ok: false, problem: `unexpected markup at offset ${at}` };
    const problem = take(reader, found.groups ?? {});
    if (problem !== undefined) return { ok: false, problem: `${problem} (offset ${at})` };
    at += found[0].length;
  }
  return reader.result();
}

/** The trimmed text of the first child of that name; "" when there is none. */
export function textAt({ children }: XmlElement, name: string): string {
  return children.find((child) => child.name === name)?.text.trim() ?? "";
}

/** The children of that name's `<member>`s: how AWS writes lists. */
export function membersAt({ children }: XmlElement, name: string): readonly XmlElement[] {
  const list = children.find((child) => child.name === name);
  return (list?.children ?? []).filter((child) => child.name === "member");
}
