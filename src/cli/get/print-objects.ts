// Objects as they are stored: -o json, yaml, name.
import type { KubeObject } from "../../api/meta/object.ts";
import { print, type CommandCall, type Connection } from "../command.ts";
import { mustExist } from "../must-exist.ts";
import { qualified, refTo, scopeOf, type Target } from "./targets.ts";

export const objectOutputs = ["json", "yaml", "name"] as const;
export type ObjectOutput = (typeof objectOutputs)[number];

async function readObjects(
  { type, names }: Target,
  call: CommandCall,
  connection: Connection,
): Promise<readonly KubeObject[]> {
  const { store } = connection;
  if (names.length === 0) return (await store.list(scopeOf(type, call, connection))).items;
  return Promise.all(names.map(async (name) => mustExist(store, refTo(type, name, connection))));
}

/** As kubectl does: who manages which field is of use to few. */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export async function printObjects(
  targets: readonly Target[],
  output: ObjectOutput,
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const read = await Promise.all(
    targets.map(async (target) => ({
      target,
      objects: await readObjects(target, call, connection),
    })),
  );
  if (output === "name") {
    for (const { target, objects } of read)
      for (const { metadata } of objects)
        print(call.cli, `${qualified(target.type)}/${metadata.name}`);
    return;
  }
  const objects = read.flatMap(({ objects: items }) => items).map(withoutManagedFields);
  const isOne = targets.length === 1 && targets[0]?.names.length === 1;
  const whole = isOne ? objects[0] : { apiVersion: "v1", kind: "List", items: objects };
  if (output === "yaml") {
    const { yamlText } = await import("../../api/yaml/write.ts");
    call.cli.stdout.write(yamlText(whole));
    return;
  }
  call.cli.stdout.write(`${JSON.stringify(whole, undefined, 4)}\n`);
}
