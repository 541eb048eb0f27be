// An Ingress without a rollout, told from the Ingress alone: its annotation says which keys were the
// rollout's. An action with conditions beside it is a header route's and goes; the one of the root
// Service leads to that Service alone again.
import type { Ingress, IngressRule } from "../../api/kubernetes/ingress.ts";
import type { KubeObject, StringMap } from "../../api/meta/object.ts";
import type { ReleasableKind } from "../router.ts";
import { annotationPort } from "./ingress-edit.ts";
import { managedKeys, managingRollouts, withManaged } from "./managed.ts";
import { homeActionText } from "./wire.ts";

const actionPattern = /^(.*)\/actions\.(.+)$/;

/** The Service or header route an action is for, and the key of the conditions it may have. */
function actionOf(key: string): { readonly name: string; readonly conditions: string } | undefined {
  const [, prefix = "", name = ""] = actionPattern.exec(key) ?? [];
  return name === "" ? undefined : { name, conditions: `${prefix}/conditions.${name}` };
}

function withoutPaths(rule: IngressRule, routes: ReadonlySet<string>): IngressRule {
  if (!rule.http) return rule;
  const paths = rule.http.paths.filter(({ backend: { service } }) => {
    const isRoute = service?.port?.name === annotationPort && routes.has(service.name);
    return !isRoute;
  });
  return { ...rule, http: { ...rule.http, paths } };
}

/** Its annotations without the rollout's, and which header routes they were for. */
function released(
  annotations: StringMap,
  rollout: string,
): { readonly annotations: StringMap; readonly routes: ReadonlySet<string> } {
  const left = new Map(Object.entries(annotations));
  const routes = new Set<string>();
  for (const key of managedKeys(annotations, rollout)) {
    const action = actionOf(key);
    const text = left.get(key);
    if (action === undefined || text === undefined) continue;
    if (left.delete(action.conditions)) {
      left.delete(key);
      routes.add(action.name);
      continue;
    }
    const home = homeActionText(text, action.name);
    if (home !== undefined) left.set(key, home);
  }
  return { annotations: withManaged(Object.fromEntries(left), rollout, []), routes };
}

function without(object: KubeObject, rollout: string): KubeObject {
  const ingress = object as Ingress;
  const { annotations = {} } = ingress.metadata;
  if (!managingRollouts(annotations).includes(rollout)) return object;
  const left = released(annotations, rollout);
  const metadata = { ...ingress.metadata, annotations: left.annotations };
  const rules = ingress.spec?.rules?.map((rule) => withoutPaths(rule, left.routes));
  const given: Ingress =
    rules === undefined
      ? { ...ingress, metadata }
      : { ...ingress, metadata, spec: { ...ingress.spec, rules } };
  return given;
}

export const releasableIngress: ReleasableKind = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  usersOf: ({ metadata }) => managingRollouts(metadata.annotations ?? {}),
  without,
};
