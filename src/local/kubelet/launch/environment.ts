// The environment of a container: what the machine gives, its ports, envFrom, env; later wins.
import { cpus, totalmem } from "node:os";
import { delimiter, dirname } from "node:path";
import type { ConfigMap, Secret } from "../../../api/kubernetes/workloads.ts";
import type {
  Container,
  EnvVar,
  EnvVarSource,
  KeyReference,
  Pod,
} from "../../../api/kubernetes/pod.ts";
import type { StringMap } from "../../../api/meta/object.ts";
import { parseQuantity, quantityToNumber } from "../../../lib/quantity.ts";
import { expand } from "./expand.ts";

/** Looks ConfigMaps and Secrets of the pod's namespace up; undefined = there is none. */
export interface ConfigSource {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  /** Container port → port on loopback. */
  readonly ports: Readonly<Record<string, number>>;
  readonly imageEnv: StringMap;
}

export type EnvironmentResult =
  { readonly ok: true; readonly env: StringMap } | { readonly ok: false; readonly message: string };

/** What is wrong with the user's references; becomes CreateContainerConfigError. */
class ConfigProblem extends Error {
  override readonly name = "ConfigProblem";
}

const inherited = ["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"] as const;

/** The few variables every process gets from the machine; `node` is always found. */
export function machineEnvironment(own: NodeJS.ProcessEnv): StringMap {
  const kept = inherited.flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const path = [own["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", dirname(process.execPath)];
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

function portVariable(name: string): string {
  return `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

/** `PORT` is the first port's, `PORT_<NAME>` a named port's place on loopback. */
export function portEnvironment(
  container: Container,
  ports: Readonly<Record<string, number>>,
): StringMap {
  const known = (container.ports ?? []).flatMap((port) => {
    const hostPort = ports[String(port.containerPort)];
    return hostPort === undefined ? [] : [{ name: port.name, value: String(hostPort) }];
  });
  const named = known.flatMap(({ name, value }) =>
    name === undefined ? [] : [[portVariable(name), value] as const],
  );
  const first = known[0] === undefined ? {} : { PORT: known[0].value };
  return { ...first, ...Object.fromEntries(named) };
}

export async function environmentOf(
  input: EnvironmentInput,
  source: ConfigSource,
): Promise<EnvironmentResult> {
  const { pod, container, ports, imageEnv } = input;
  const { name, namespace = "" } = pod.metadata;
  const env: Record<string, string> = {
    ...machineEnvironment(process.env),
    ...imageEnv,
    ...portEnvironment(container, ports),
    HOSTNAME: name,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    POD_IP: "127.0.0.1",
  };
  try {
    Object.assign(env, await fromSources(input, source));
    for (const entry of container.env ?? []) {
      const value = await valueOf(entry, env, input, source);
      if (value !== undefined) env[entry.name] = value;
    }
    return { ok: true, env };
  } catch (error) {
    if (error instanceof ConfigProblem)
      return { ok: false, message: `container ${container.name}: ${error.message}` };
    throw error;
  }
}

async function fromSources(
  { pod, container }: EnvironmentInput,
  source: ConfigSource,
): Promise<StringMap> {
  const namespace = pod.metadata.namespace ?? "";
  const all: Record<string, string> = {};
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const data =
      configMapRef === undefined
        ? await secretData(namespace, secretRef, source)
        : await configMapData(namespace, configMapRef, source);
    for (const [key, value] of Object.entries(data)) all[`${prefix}${key}`] = value;
  }
  return all;
}

interface NamedReference {
  readonly name: string;
  readonly optional?: boolean;
}

function missing(kind: string, namespace: string, name: string): ConfigProblem {
  const what = `there is no ${kind} ${namespace}/${name}`;
  return new ConfigProblem(`${what}; create it or mark the reference optional: true`);
}

async function configMapData(
  namespace: string,
  ref: NamedReference,
  source: ConfigSource,
): Promise<StringMap> {
  const found = await source.configMap(namespace, ref.name);
  if (found === undefined && ref.optional !== true) throw missing("ConfigMap", namespace, ref.name);
  return found?.data ?? {};
}

async function secretData(
  namespace: string,
  ref: NamedReference | undefined,
  source: ConfigSource,
): Promise<StringMap> {
  if (ref === undefined) return {};
  const found = await source.secret(namespace, ref.name);
  if (found === undefined && ref.optional !== true) throw missing("Secret", namespace, ref.name);
  const decoded = Object.entries(found?.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")] as const,
  );
  return { ...Object.fromEntries(decoded), ...found?.stringData };
}

async function valueOf(
  entry: EnvVar,
  env: StringMap,
  input: EnvironmentInput,
  source: ConfigSource,
): Promise<string | undefined> {
  if (entry.valueFrom !== undefined) return referenced(entry.name, entry.valueFrom, input, source);
  const value = expand(entry.value ?? "", env);
  return entry.name === "PORT" ? ownPort(value, input) : value;
}

/**
 * A manifest made for a cluster often says `PORT: "8080"` beside `containerPort: 8080`. Here every
 * pod listens on a port of its own, so a PORT that names a declared container port is translated.
 */
function ownPort(value: string, { container, ports }: EnvironmentInput): string {
  const isDeclared = container.ports?.some((port) => String(port.containerPort) === value) ?? false;
  const hostPort = ports[value];
  return isDeclared && hostPort !== undefined ? String(hostPort) : value;
}

async function referenced(
  variable: string,
  from: EnvVarSource,
  input: EnvironmentInput,
  source: ConfigSource,
): Promise<string | undefined> {
  const namespace = input.pod.metadata.namespace ?? "";
  if (from.configMapKeyRef !== undefined) {
    const ref = from.configMapKeyRef;
    return keyOf(
      variable,
      { ref, kind: "ConfigMap", namespace },
      await configMapData(namespace, ref, source),
    );
  }
  if (from.secretKeyRef !== undefined) {
    const ref = from.secretKeyRef;
    return keyOf(
      variable,
      { ref, kind: "Secret", namespace },
      await secretData(namespace, ref, source),
    );
  }
  if (from.fieldRef !== undefined) return fieldOf(input.pod, variable, from.fieldRef.fieldPath);
  if (from.resourceFieldRef !== undefined)
    return resourceOf(input, variable, from.resourceFieldRef);
  return undefined;
}

interface KeyPlace {
  readonly ref: KeyReference;
  readonly kind: string;
  readonly namespace: string;
}

function keyOf(
  variable: string,
  { ref, kind, namespace }: KeyPlace,
  data: StringMap,
): string | undefined {
  if (Object.hasOwn(data, ref.key)) return data[ref.key];
  if (ref.optional === true) return undefined;
  const known = Object.keys(data).sort().join(", ") || "none";
  throw new ConfigProblem(
    `env ${variable} needs the key "${ref.key}" of ${kind} ${namespace}/${ref.name}, whose keys are: ${known}; ` +
      "add it or mark the reference optional: true",
  );
}

const mapField = /^metadata\.(labels|annotations)\['(.*)'\]$/;

function fieldOf(pod: Pod, variable: string, path: string): string {
  const inMap = mapField.exec(path);
  if (inMap !== null) {
    const map = inMap[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[inMap[2] ?? ""] ?? "";
  }
  const fields: Readonly<Record<string, string>> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace ?? "",
    "metadata.uid": pod.metadata.uid ?? "",
    "spec.nodeName": pod.spec.nodeName ?? "local",
    "spec.serviceAccountName": "default",
    "status.hostIP": "127.0.0.1",
    "status.hostIPs": "127.0.0.1",
    "status.podIP": "127.0.0.1",
    "status.podIPs": "127.0.0.1",
  };
  const value = Object.hasOwn(fields, path) ? fields[path] : undefined;
  if (value !== undefined) return value;
  const known = [...Object.keys(fields), "metadata.labels['…']", "metadata.annotations['…']"].join(
    ", ",
  );
  throw new ConfigProblem(`env ${variable}: unknown fieldPath "${path}"; known are ${known}`);
}

type ResourceReference = NonNullable<EnvVarSource["resourceFieldRef"]>;

/** Whole multiples of the divisor, rounded up; without a limit, what the machine has. */
function resourceOf(
  { pod, container }: EnvironmentInput,
  variable: string,
  ref: ResourceReference,
): string {
  const [group = "", ...rest] = ref.resource.split(".");
  const resource = rest.join(".");
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const wanted = ref.containerName ?? container.name;
  const target = all.find((each) => each.name === wanted);
  if ((group !== "limits" && group !== "requests") || target === undefined) {
    throw new ConfigProblem(
      `env ${variable}: unknown resource "${ref.resource}" of container ${wanted}; ` +
        "use limits.cpu, limits.memory, requests.cpu or requests.memory of a container of this pod",
    );
  }
  const amount = numberOf(target.resources?.[group]?.[resource] ?? unstated(group, resource));
  return String(Math.ceil(amount / (numberOf(ref.divisor ?? "1") || 1)));
}

/** Without a limit a container may use the whole machine; without a request it asks for nothing. */
function unstated(group: "limits" | "requests", resource: string): string {
  if (group === "requests") return "0";
  return String(resource === "cpu" ? cpus().length : totalmem());
}

function numberOf(quantity: string | number): number {
  const parsed = parseQuantity(String(quantity));
  if (!parsed.ok) throw new ConfigProblem(`"${quantity}" is not an amount: ${parsed.message}`);
  return quantityToNumber(parsed.value);
}
