// In which form a client wants its answer: objects, a table for people, or metadata only; JSON or YAML.
import { RequestProblem } from "../call.ts";

export type View = "object" | "table" | "metadata";

export interface Presentation {
  readonly view: View;
  readonly format: "json" | "yaml";
  /** What the answer's Content-Type says; for tables with their parameters. */
  readonly contentType: string;
}

export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

function mediaRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const pairs = parameters.map((parameter) => {
    const equals = parameter.indexOf("=");
    return [parameter.slice(0, equals), parameter.slice(equals + 1)] as const;
  });
  return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) };
}

/** The ranges of an Accept header, best first (by `q`, then as written). An empty header accepts everything. */
export function mediaRanges(accept: string): readonly MediaRange[] {
  if (accept.trim() === "") return [{ type: "*/*", parameters: {} }];
  const quality = (range: MediaRange): number => Number(range.parameters["q"] ?? 1);
  return accept
    .split(",")
    .map((part) => mediaRange(part))
    .filter((range) => quality(range) > 0)
    .sort((a, b) => quality(b) - quality(a));
}

const formats: Readonly<Record<string, "json" | "yaml">> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "*/*": "json",
  "application/*": "json",
};

const views: Readonly<Record<string, View>> = {
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata",
};

function presentationOf({ type, parameters }: MediaRange): Presentation | undefined {
  const format = formats[type];
  if (format === undefined) return undefined;
  const { as, g = "", v = "" } = parameters as { as?: string; g?: string; v?: string };
  if (as === undefined) return { view: "object", format, contentType: `application/${format}` };
  const view = views[as];
  if (view === undefined || g !== "meta.k8s.io" || v !== "v1") return undefined;
  return { view, format, contentType: `application/${format};as=${as};v=v1;g=meta.k8s.io` };
}

/** The first form a client asks for that we have; 406 if there is none. Protobuf is none of ours. */
export function negotiate(accept: string): Presentation {
  for (const range of mediaRanges(accept)) {
    const presentation = presentationOf(range);
    if (presentation) return presentation;
  }
  throw new RequestProblem(
    406,
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/yaml, application/json;as=Table;v=v1;g=meta.k8s.io",
  );
}
