// An API server of a few objects that remembers what was asked of it, and the plugin run against it.
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { resourceTypeOf } from "../../api/resources.ts";
import type { Json } from "../../lib/json.ts";
import {
  StoreError,
  type ListScope,
  type ObjectList,
  type ObjectStore,
  type Patch,
  type WriteOptions,
} from "../../objects/object-store.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import type { Connection, GlobalOptions } from "../command.ts";
import { plainPaint } from "../render/paint.ts";
import { runPlugin } from "./run-plugin.ts";

export interface Asked {
  /** "patch rollouts/shop/status" */
  readonly what: string;
  readonly body: Json;
}

export interface World {
  readonly objects: readonly KubeObject[];
  readonly now?: number;
  /** Kinds whose server has no status subresource. */
  readonly hasNoStatus?: boolean;
  /** What somebody else makes of the first object, one before each patch: that patch is a Conflict. */
  readonly meanwhile?: readonly KubeObject[];
}

export interface Answered {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly Asked[];
  readonly options: GlobalOptions | undefined;
}

function plural({ apiVersion, kind }: Pick<ObjectRef, "apiVersion" | "kind">): string {
  return resourceTypeOf(apiVersion, kind)?.plural ?? kind;
}

class FakeStore implements ObjectStore {
  readonly asked: Asked[] = [];
  readonly #world: World;
  readonly #changes: KubeObject[];
  #changed: KubeObject | undefined;

  constructor(world: World) {
    this.#world = world;
    this.#changes = [...(world.meanwhile ?? [])];
  }

  #find({ kind, name, namespace }: ObjectRef): KubeObject | undefined {
    return this.#world.objects.find(
      (object) =>
        object.kind === kind &&
        object.metadata.name === name &&
        (object.metadata.namespace ?? "") === namespace,
    );
  }

  #require(ref: ObjectRef): KubeObject {
    const found = this.#find(ref);
    const { group } = resourceTypeOf(ref.apiVersion, ref.kind) ?? { group: "" };
    if (found) return found;
    throw new StoreError("NotFound", `${plural(ref)}.${group} "${ref.name}" not found`);
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    const found = this.#find(ref);
    return (found && (this.#changed ?? found)) as T | undefined;
  }

  async list<T extends KubeObject>({
    kind,
    namespace,
    fieldSelector,
  }: ListScope): Promise<ObjectList<T>> {
    const name = fieldSelector?.["metadata.name"];
    const items = this.#world.objects.filter(
      (object) =>
        object.kind === kind &&
        (namespace === undefined || object.metadata.namespace === namespace) &&
        (name === undefined || object.metadata.name === name),
    );
    return { items: items as unknown as readonly T[], resourceVersion: "1" };
  }

  async create<T extends KubeObject>(object: T): Promise<T> {
    this.asked.push({ what: `create ${plural(object)}`, body: object as unknown as Json });
    const { name, generateName = "" } = object.metadata as { name?: string; generateName?: string };
    return { ...object, metadata: { ...object.metadata, name: name ?? `${generateName}x7k2p` } };
  }

  async update<T extends KubeObject>(object: T): Promise<T> {
    const what = `update ${plural(object)}/${object.metadata.name}`;
    this.asked.push({ what, body: object as unknown as Json });
    return object;
  }

  async patch<T extends KubeObject>(
    ref: ObjectRef,
    { body }: Patch,
    { subresource }: WriteOptions = {},
  ): Promise<T> {
    const suffix = subresource === undefined ? "" : `/${subresource}`;
    if (subresource !== undefined && this.#world.hasNoStatus)
      throw new StoreError("NotFound", "the server could not find the requested resource");
    const [changed] = this.#changes.splice(0, 1);
    if (changed !== undefined) {
      this.#changed = changed;
      throw new StoreError("Conflict", "the object has been modified");
    }
    const found = this.#require(ref);
    this.asked.push({ what: `patch ${plural(ref)}/${ref.name}${suffix}`, body: body });
    return found as T;
  }

  async delete(): Promise<void> {
    throw new Error("the plugin deletes nothing");
  }

  async *watch(_scope: ListScope, { signal }: { readonly signal: AbortSignal }) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    yield { type: "BOOKMARK" as const, resourceVersion: "1" };
  }
}

/** One command line against the world, to its end. */
export async function plugin(
  world: World,
  line: string | readonly string[],
  { cwd = "/nowhere", env = {}, as = "kubectl-argo-rollouts" } = {},
): Promise<Answered> {
  const store = new FakeStore(world);
  let out = "";
  let err = "";
  let options: GlobalOptions | undefined;
  const connection: Connection = {
    store,
    namespace: "web",
    server: "https://fake",
    podLogs: () => {
      throw new Error("the plugin reads no logs");
    },
    table: async () => ({ columns: [], rows: [] }),
    close: async () => undefined,
  };
  const words = typeof line === "string" ? line.split(" ").filter((word) => word !== "") : line;
  const code = await runPlugin(as, words, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: (async function* () {})(),
    env,
    cwd,
    clock: new VirtualClock(world.now ?? 0),
    signal: new AbortController().signal,
    version: "1.2.3",
    selfCommand: [],
    connect: async (typed) => {
      options = typed;
      return { ...connection, namespace: typed.namespace ?? connection.namespace };
    },
    paint: () => plainPaint,
  });
  return { code, out, err, asked: store.asked, options };
}
