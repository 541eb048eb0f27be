// The CustomResourceDefinitions of argoproj.io/v1alpha1: names, scope and subresources from
// resources.ts, the form from kinds.ts. They accept every manifest that Argo's accept, and keep two
// fields more: strategy.rollingUpdate and strategy.recreate.
import { argoApiVersion } from "../argo/keys.ts";
import type { JsonObject } from "../../lib/json.ts";
import { apiVersionOf } from "../meta/object.ts";
import { resourceTypes } from "../resources.ts";
import type { ResourceType } from "../resources.ts";
import { schemaOf } from "./kinds.ts";
import type { SchemaNode } from "./schema.ts";
import { structural } from "./structural.ts";

interface PrinterColumn {
  readonly name: string;
  readonly type: "integer" | "string" | "date";
  readonly jsonPath: string;
  readonly description: string;
}

const age: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "How long ago it was made.",
};
const phase: PrinterColumn = {
  name: "Status",
  type: "string",
  jsonPath: ".status.phase",
  description: "The phase it is in.",
};

function count(name: string, jsonPath: string, description: string): PrinterColumn {
  return { name, type: "integer", jsonPath, description };
}

const columns: Readonly<Record<string, readonly PrinterColumn[]>> = {
  Rollout: [
    count("Desired", ".spec.replicas", "How many pods there should be."),
    count("Current", ".status.replicas", "How many pods there are."),
    count("Up-to-date", ".status.updatedReplicas", "How many pods have the newest template."),
    count(
      "Available",
      ".status.availableReplicas",
      "How many pods have been ready for minReadySeconds.",
    ),
    age,
  ],
  AnalysisRun: [phase, age],
  Experiment: [phase, age],
  AnalysisTemplate: [age],
  ClusterAnalysisTemplate: [age],
};

const apiVersionText = "The group and version whose rules this object follows.";
const kindText = "What kind of object this is.";

/** The API server owns metadata: a CRD says only that it is there, and may not require it. */
function rootSchema(node: SchemaNode): JsonObject {
  const { properties, required, ...rest } = structural(node) as {
    readonly properties: JsonObject;
    readonly required: readonly string[];
  };
  return {
    ...rest,
    properties: {
      ...properties,
      apiVersion: { type: "string", description: apiVersionText },
      kind: { type: "string", description: kindText },
      metadata: { type: "object" },
    },
    required: required.filter((name) => name !== "metadata"),
  };
}

function subresources({ hasStatus, scale }: ResourceType): JsonObject | undefined {
  if (!hasStatus && !scale) return undefined;
  return {
    ...(hasStatus ? { status: {} } : {}),
    ...(scale
      ? {
          scale: {
            specReplicasPath: `.${scale.specReplicas}`,
            statusReplicasPath: `.${scale.statusReplicas}`,
            labelSelectorPath: `.${scale.labelSelector}`,
          },
        }
      : {}),
  };
}

function definition(type: ResourceType, schema: SchemaNode): JsonObject {
  const { group, version, kind, plural, singular, shortNames, namespaced } = type;
  const served = subresources(type);
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames },
      scope: namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema(schema) },
          ...(served === undefined ? {} : { subresources: served }),
          additionalPrinterColumns: (columns[kind] ?? []).map((column) => ({ ...column })),
        },
      ],
    },
  };
}

export interface NamedDefinition {
  readonly type: ResourceType;
  readonly definition: JsonObject;
}

/** All of them, as `kubectl apply --server-side -f -` takes them. */
export function customResourceDefinitions(): readonly NamedDefinition[] {
  return resourceTypes
    .filter((type) => apiVersionOf(type) === argoApiVersion)
    .flatMap((type) => {
      const schema = schemaOf(apiVersionOf(type), type.kind);
      return schema ? [{ type, definition: definition(type, schema) }] : [];
    });
}
