import type { AnalysisRun } from "../../api/argo/analysis.ts";
import { parseAnalysisRun } from "../../api/argo/parse/objects.ts";
import { formatProblem } from "../../api/argo/parse/problem.ts";
import type { Secret } from "../../api/kubernetes/workloads.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { StringMap } from "../../api/meta/object.ts";
import type { SecretKey, Secrets } from "../../core/analysis/resolve.ts";
import { fromBase64 } from "../../lib/base64.ts";
import type { ObjectStore } from "../../objects/object-store.ts";

/** A run as its types promise it, and the first thing in its spec that is not so. */
export interface ReadRun {
  readonly run: AnalysisRun;
  readonly problem: string | undefined;
}

/** Objects of a cache are never changed in place, and each is looked at in several passes. */
const readings = new WeakMap<AnalysisRun, ReadRun>();

export function readRun(stored: AnalysisRun): ReadRun {
  const known = readings.get(stored);
  if (known) return known;
  const reading = read(stored);
  readings.set(stored, reading);
  return reading;
}

function read(stored: AnalysisRun): ReadRun {
  const { object, problems } = parseAnalysisRun(asJson(stored));
  const problem = problems.find(({ path }) => path[0] === "spec");
  return { run: object, problem: problem === undefined ? undefined : formatProblem(problem) };
}

function decoded(data: StringMap): StringMap {
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, encoded]): [string, string][] => {
      const value = fromBase64(encoded);
      return value.ok ? [[key, value.text]] : [];
    }),
  );
}

/** The Secrets that hold these keys, read now; those that do not exist are left out. */
export async function readSecrets(
  keys: readonly SecretKey[],
  namespace: string,
  store: ObjectStore,
): Promise<Secrets> {
  const names = [...new Set(keys.map(({ name }) => name))];
  const found = await Promise.all(
    names.map(async (name): Promise<[string, StringMap][]> => {
      const secret = await store.get<Secret>({ apiVersion: "v1", kind: "Secret", namespace, name });
      return secret === undefined ? [] : [[name, decoded(secret.data ?? {})]];
    }),
  );
  return Object.fromEntries(found.flat());
}
