// Schemas of what all kinds share: metadata, selectors, conditions, references.
import type { LabelSelector } from "../meta/label-selector.ts";
import { selectorOperators } from "../meta/label-selector.ts";
import type { ObjectMeta } from "../meta/object.ts";
import {
  any,
  asCrd,
  atomic,
  bool,
  dateTime,
  defaulted,
  described,
  int64,
  list,
  object,
  oneOf,
  openObject,
  stringMap,
  strings,
  text,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

export const ownerReferenceSchema = object(
  {
    apiVersion: text,
    kind: text,
    name: text,
    uid: text,
    controller: bool,
    blockOwnerDeletion: bool,
  },
  ["apiVersion", "kind", "name", "uid"],
);

const metadataFields = {
  name: text,
  generateName: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: int64,
  creationTimestamp: dateTime,
  deletionTimestamp: dateTime,
  deletionGracePeriodSeconds: int64,
  labels: stringMap,
  annotations: stringMap,
  ownerReferences: list(ownerReferenceSchema, ["uid"]),
  finalizers: strings,
  managedFields: list(
    openObject({
      manager: text,
      operation: text,
      apiVersion: text,
      time: dateTime,
      fieldsType: text,
      fieldsV1: any,
      subresource: text,
    }),
  ),
  selfLink: text,
};

/** Metadata of a whole object. `name` may be absent when `generateName` is there: admission checks it. */
export const metadataSchema: Schema<ObjectMeta> = object(metadataFields, ["name"]);

/** Metadata inside a template, where nothing is required. A CRD keeps what pods take over from it. */
export const templateMetadataSchema = described(
  asCrd(object(metadataFields), { keeps: ["labels", "annotations"] }),
  "Labels and annotations of what is made from the template.",
);

/** `{ labels, annotations }`: what a rollout adds to pods, runs and experiments. */
export const labelsAndAnnotationsSchema = object({
  labels: described(stringMap, "Labels to add."),
  annotations: described(stringMap, "Annotations to add."),
});

export const labelSelectorSchema: Schema<LabelSelector> = atomic(
  object({
    matchLabels: described(stringMap, "Labels that must be there with exactly these values."),
    matchExpressions: described(
      list(
        object(
          {
            key: described(text, "The label's key."),
            operator: described(oneOf(selectorOperators), "In, NotIn, Exists or DoesNotExist."),
            values: described(strings, "The values that In and NotIn compare with."),
          },
          ["key", "operator"],
        ),
      ),
      "Further conditions; all of them must hold.",
    ),
  }),
);

/** A name that Kubernetes fills in as "" where it is left out: then it can be a list's key. */
export const referencedName = defaulted(text, "");

export const localObjectReferenceSchema = object({ name: referencedName });

const conditionFields = {
  type: text,
  status: oneOf(["True", "False", "Unknown"]),
  reason: text,
  message: text,
  lastTransitionTime: dateTime,
  lastUpdateTime: dateTime,
  lastProbeTime: dateTime,
  observedGeneration: int64,
};

export const conditionSchema = object(conditionFields, ["type", "status"]);

/** The fields every top-level object has besides its own. */
export const objectFields = { apiVersion: text, kind: text, metadata: metadataSchema };
