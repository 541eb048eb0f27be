// Findings about what the files' objects say of each other: Services, templates and routes that a
// Rollout names and the files do not have, and those they have that do not fit.
import { asJson } from "../meta/wire.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isJsonObject } from "../../lib/json.ts";
import { fieldErrorBody } from "../meta/field-error.ts";
import type { FieldPath } from "../meta/field-path.ts";
import type { Service } from "../kubernetes/workloads.ts";
import type { AnalysisTemplate } from "../argo/analysis.ts";
import { parseAnalysisTemplate } from "../argo/parse/objects.ts";
import { parseRollout } from "../argo/parse/rollout.ts";
import type { Rollout } from "../argo/rollout.ts";
import { analysesOf } from "../argo/validate/analysis-references.ts";
import { namedServices, contentErrors } from "../argo/validate/references.ts";
import { namedHttpRoutes } from "../argo/validate/router-references.ts";
import { conform } from "../schema/conform.ts";
import { serviceSchema } from "../schema/core.ts";
import type { SourceDocument } from "../yaml/documents.ts";
import { fieldFinding } from "./finding.ts";
import type { Finding, Level } from "./finding.ts";

type Objects = Readonly<Record<string, JsonObject>>;

interface Neighbours {
  readonly namespace: string;
  /** By name, the objects of a kind in the Rollout's namespace (cluster kinds: in all files). */
  readonly ofKind: (kind: string) => Objects;
  /** How sure a missing object is: the files describe the namespace, or hold the Rollout alone. */
  readonly level: Level;
}

function metadataOf({ object }: SourceDocument): JsonObject {
  return isJsonObject(object["metadata"]) ? object["metadata"] : {};
}

function nameOf(document: SourceDocument): string {
  const { name } = metadataOf(document);
  return typeof name === "string" ? name : "";
}

/** Objects without a namespace go where the command says, all of them together: "default" here. */
function namespaceOf(document: SourceDocument): string {
  const { namespace } = metadataOf(document);
  return typeof namespace === "string" && namespace !== "" ? namespace : "default";
}

function neighboursOf(rollout: SourceDocument, documents: readonly SourceDocument[]): Neighbours {
  const namespace = namespaceOf(rollout);
  const others = documents.filter(
    (document) =>
      document !== rollout &&
      (namespaceOf(document) === namespace ||
        document.object["kind"] === "ClusterAnalysisTemplate"),
  );
  return {
    namespace,
    ofKind: (kind) =>
      Object.fromEntries(
        others
          .filter(({ object }) => object["kind"] === kind)
          .map((document) => [nameOf(document), document.object]),
      ),
    level: others.some(({ object }) => object["kind"] !== "Rollout") ? "error" : "warning",
  };
}

function missingServices(
  document: SourceDocument,
  { spec }: Rollout,
  near: Neighbours,
): readonly Finding[] {
  const services = near.ofKind("Service");
  return namedServices(spec.strategy)
    .filter(({ name }) => !Object.hasOwn(services, name))
    .map(({ name, place }) =>
      fieldFinding(near.level, "SERVICE_MISSING", document, place.path, {
        service: name,
        namespace: near.namespace,
        known: Object.keys(services),
      }),
    );
}

interface Missing {
  readonly kind: string;
  readonly name: string;
  readonly path: FieldPath;
}

function missingObject(
  document: SourceDocument,
  near: Neighbours,
  { kind, name, path }: Missing,
): readonly Finding[] {
  const known = Object.keys(near.ofKind(kind));
  if (known.includes(name)) return [];
  const namespace = kind === "ClusterAnalysisTemplate" ? "" : near.namespace;
  return [
    fieldFinding(near.level, "REFERENCE_MISSING", document, path, { kind, name, namespace, known }),
  ];
}

function missingTemplates(
  document: SourceDocument,
  { spec }: Rollout,
  near: Neighbours,
): readonly Finding[] {
  return analysesOf(spec.strategy).flatMap(({ analysis, place }) =>
    analysis.templates.flatMap(({ templateName: name, clusterScope }, index) =>
      missingObject(document, near, {
        kind: clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
        name,
        path: [...place.path, "templates", index, "templateName"],
      }),
    ),
  );
}

/** Experiments of steps name templates too. */
function missingExperimentTemplates(
  document: SourceDocument,
  { spec }: Rollout,
  near: Neighbours,
): readonly Finding[] {
  if (spec.strategy.kind !== "canary") return [];
  return spec.strategy.steps.flatMap((step, index) =>
    step.kind !== "experiment"
      ? []
      : step.analyses.flatMap(({ templateName: name, clusterScope }, at) =>
          missingObject(document, near, {
            kind: clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
            name,
            path: [
              "spec",
              "strategy",
              "canary",
              "steps",
              index,
              "experiment",
              "analyses",
              at,
              "templateName",
            ],
          }),
        ),
  );
}

function missingRoutes(
  document: SourceDocument,
  { spec }: Rollout,
  near: Neighbours,
): readonly Finding[] {
  return namedHttpRoutes(spec.strategy).flatMap(({ name, place }) =>
    missingObject(document, near, { kind: "HTTPRoute", name, path: place.path }),
  );
}

function templatesOf(objects: Objects): Readonly<Record<string, AnalysisTemplate>> {
  return Object.fromEntries(
    Object.entries(objects).map(([name, object]) => [name, parseAnalysisTemplate(object).object]),
  );
}

function servicesOf(objects: Objects): Readonly<Record<string, Service>> {
  return Object.fromEntries(
    // The wire border: conform has just made it what its schema says.
    Object.entries(objects).map(([name, object]) => [
      name,
      asJson(conform(object, serviceSchema).value) as unknown as Service,
    ]),
  );
}

/** Objects that are there and do not fit. Where a Rollout has a workloadRef its labels are not known here. */
function contentFindings(
  document: SourceDocument,
  rollout: Rollout,
  near: Neighbours,
): readonly Finding[] {
  if (rollout.spec.workloadRef) return [];
  return contentErrors(rollout, {
    services: servicesOf(near.ofKind("Service")),
    analysisTemplates: templatesOf(near.ofKind("AnalysisTemplate")),
    clusterAnalysisTemplates: templatesOf(near.ofKind("ClusterAnalysisTemplate")),
    ingresses: near.ofKind("Ingress"),
    virtualServices: near.ofKind("VirtualService"),
    ambassadorMappings: near.ofKind("Mapping"),
  }).map((error) =>
    fieldFinding("error", "FIELD_INVALID", document, error.path, {
      problem: fieldErrorBody(error),
    }),
  );
}

export function referenceFindings(
  document: SourceDocument,
  documents: readonly SourceDocument[],
): readonly Finding[] {
  const { rollout } = parseRollout(document.object);
  const near = neighboursOf(document, documents);
  return [
    ...missingServices(document, rollout, near),
    ...missingTemplates(document, rollout, near),
    ...missingExperimentTemplates(document, rollout, near),
    ...missingRoutes(document, rollout, near),
    ...contentFindings(document, rollout, near),
  ];
}
