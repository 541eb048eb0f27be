import { describe, expect, it } from "vitest";
import { RequestProblem } from "../call.ts";
import { negotiate } from "./negotiation.ts";

const kubectlGet =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

describe("negotiate", () => {
  it.each([
    ["", "object", "json"],
    ["*/*", "object", "json"],
    ["application/json", "object", "json"],
    ["application/json, */*", "object", "json"],
    ["application/yaml", "object", "yaml"],
    ["application/vnd.kubernetes.protobuf,application/json", "object", "json"],
    [
      "application/vnd.kubernetes.protobuf;stream=watch,application/json;stream=watch",
      "object",
      "json",
    ],
    [kubectlGet, "table", "json"],
    ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "metadata", "json"],
    [
      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
      "metadata",
      "json",
    ],
    ["application/json;as=Table;v=v9;g=meta.k8s.io,application/json", "object", "json"],
    ["application/yaml;q=0.5, application/json;q=0.9", "object", "json"],
    ["application/json;q=0, application/yaml", "object", "yaml"],
  ])("%s → %s as %s", (accept, view, format) => {
    expect(negotiate(accept)).toMatchObject({ view, format });
  });

  it.each([
    "application/vnd.kubernetes.protobuf",
    "text/html",
    "application/json;as=Table;v=v9;g=meta.k8s.io",
  ])("%s is not acceptable", (accept) => {
    expect(() => negotiate(accept)).toThrow(RequestProblem);
    expect(() => negotiate(accept)).toThrow(/media types are accepted: application\/json/);
  });
});
