// discovery: what a client can learn about this server before it asks for an object: groups, kinds,
// OpenAPI, version, health. served.ts says what there is; the other files only write it down.
import { apiVersionOf } from "../../../api/meta/object.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { jsonReply, RequestProblem, type Call, type Reply } from "../call.ts";
import { mediaRanges } from "../http/negotiation.ts";
import type { ApiOptions } from "../options.ts";
import {
  aggregated,
  aggregatedContentType,
  aggregatedVersionWanted,
  apiGroup,
  apiGroupList,
  apiVersions,
  resourceList,
} from "./documents.ts";
import { openApiV2Bytes, openApiV2Protobuf, openApiV2ProtobufNames } from "./openapi-protobuf.ts";
import { createOpenApi, type OpenApiDocuments } from "./openapi.ts";
import { groupVersionsOf, type ServedGroupVersion, type ServedResource } from "./served.ts";

/** undefined = not a path of discovery. */
export type Pages = (call: Call) => Promise<Reply | undefined>;

type Page = (call: Call) => Reply | Promise<Reply>;

function plain(text: string, status = 200): Reply {
  return { kind: "text", status, text };
}

/** Discovery proper: everything at once for clients that can read it, the plain document for others. */
function discoveryPage(groups: readonly ServedGroupVersion[], plainDocument: JsonObject): Page {
  return ({ headers }) => {
    const version = aggregatedVersionWanted(headers.accept);
    if (version === undefined) return jsonReply(plainDocument);
    return {
      kind: "json",
      status: 200,
      body: aggregated(groups, version),
      contentType: aggregatedContentType(version),
    };
  };
}

function discoveryPages(
  groups: readonly ServedGroupVersion[],
  address: string,
): readonly (readonly [string, Page])[] {
  const core = groups.filter(({ group }) => group === "");
  const named = groups.filter(({ group }) => group !== "");
  return [
    ["/api", discoveryPage(core, apiVersions(address))],
    ["/apis", discoveryPage(named, apiGroupList(groups))],
    ...core.map(
      (group) => [`/api/${group.version}`, () => jsonReply(resourceList(group))] as const,
    ),
    ...named.flatMap((group) => [
      [`/apis/${group.group}`, () => jsonReply(apiGroup(group))] as const,
      [`/apis/${apiVersionOf(group)}`, () => jsonReply(resourceList(group))] as const,
    ]),
  ];
}

const kubernetesVersion = { major: "1", minor: "34" } as const;

export function versionDocument(haldaneVersion: string): JsonObject {
  const { major, minor } = kubernetesVersion;
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.0+haldane.${haldaneVersion}`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "none",
    platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
  };
}

function readiness({ notReady }: ApiOptions): Page {
  return () => {
    const missing = notReady?.() ?? [];
    return missing.length === 0 ? plain("ok") : plain(`not ready: ${missing.join(", ")}\n`, 503);
  };
}

function servicePages(api: ApiOptions): readonly (readonly [string, Page])[] {
  const { metricsText } = api;
  return [
    ["/version", () => jsonReply(versionDocument(api.haldaneVersion ?? "0.0.0"))],
    ["/healthz", () => plain("ok")],
    ["/livez", () => plain("ok")],
    ["/readyz", readiness(api)],
    ...(metricsText === undefined
      ? []
      : [["/metrics", async () => plain(await metricsText())] as const]),
  ];
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** OpenAPI v2: whole as JSON, or what older kubectls look up in it as the protobuf they ask for alone. */
function openApiV2(documents: OpenApiDocuments): Page {
  const asJson = ["application/json", "application/*", "*/*"];
  return ({ headers }) => {
    const wanted = mediaRanges(headers.accept).find(
      ({ type }) => openApiV2ProtobufNames.includes(type) || asJson.includes(type),
    );
    if (wanted !== undefined && !asJson.includes(wanted.type)) {
      const chunks = onePiece(openApiV2Bytes(documents.v2()));
      return { kind: "stream", contentType: openApiV2Protobuf, chunks };
    }
    if (wanted !== undefined) return jsonReply(documents.v2());
    throw new RequestProblem(
      406,
      "NotAcceptable",
      `only the following media types are accepted: application/json, ${openApiV2Protobuf}`,
    );
  };
}

const openApiRoot = "/openapi/v3/";

export function createPages(
  api: ApiOptions,
  resources: readonly ServedResource[],
  address: string,
): Pages {
  const groups = groupVersionsOf(resources);
  const openApi = createOpenApi(groups);
  const pages = new Map<string, Page>([
    ...discoveryPages(groups, address),
    ...servicePages(api),
    ["/openapi/v2", openApiV2(openApi)],
    ["/openapi/v3", () => jsonReply(openApi.index())],
  ]);
  const paths = [...pages.keys()].sort();
  pages.set("/", () => jsonReply({ paths }));
  return async (call) => {
    const path = call.path.length > 1 ? call.path.replace(/\/+$/, "") : call.path;
    const page = pages.get(path);
    if (page) return page(call);
    if (!path.startsWith(openApiRoot)) return undefined;
    const document = openApi.document(path.slice(openApiRoot.length));
    return document === undefined ? undefined : jsonReply(document);
  };
}
