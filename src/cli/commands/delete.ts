import { refOf, type ObjectRef } from "../../api/meta/object.ts";
import { resourceTypeOf } from "../../api/resources.ts";
import { isStoreError } from "../../objects/object-store.ts";
import { qualifiedName } from "../apply-objects.ts";
import {
  flag,
  listArgument,
  listOption,
  print,
  usageError,
  type CliCommand,
  type CommandCall,
  type Connection,
} from "../command.ts";
import { describeError } from "../describe-error.ts";
import { qualified, refTo, targetsOf } from "../get/targets.ts";
import { notFound } from "../must-exist.ts";
import { readManifests } from "../read-manifests.ts";
import { withConnection } from "../with-connection.ts";

interface Doomed {
  readonly ref: ObjectRef;
  readonly shown: string;
}

async function fromFiles(
  names: readonly string[],
  call: CommandCall,
  namespace: string,
): Promise<readonly Doomed[]> {
  const { objects } = await readManifests(names, call.cli);
  return objects.map(({ object }) => {
    const ref = refOf(object);
    const isNamespaced = resourceTypeOf(ref.apiVersion, ref.kind)?.namespaced === true;
    return {
      ref: { ...ref, namespace: ref.namespace || (isNamespaced ? namespace : "") },
      shown: qualifiedName(object),
    };
  });
}

function fromNames(call: CommandCall, connection: Connection): readonly Doomed[] {
  const targets = listArgument(call, 0).length === 0 ? [] : targetsOf(call);
  const doomed = targets.flatMap(({ type, names }) =>
    names.map((name) => ({
      ref: refTo(type, name, connection),
      shown: `${qualified(type)}/${name}`,
    })),
  );
  if (doomed.length === 0)
    throw usageError(call, "say what to delete: haldane delete rollout shop, or -f FILE");
  return doomed;
}

async function deleteAll(
  doomed: readonly Doomed[],
  call: CommandCall,
  { store }: Connection,
): Promise<number> {
  let exitCode = 0;
  for (const { ref, shown } of doomed) {
    try {
      await store.delete(ref);
      print(call.cli, `${shown} deleted`);
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
      if (flag(call, "ignoreNotFound")) continue;
      call.cli.stderr.write(`Error: ${describeError(await notFound(store, ref), call.cli.env)}\n`);
      exitCode = 1;
    }
  }
  return exitCode;
}

async function remove(call: CommandCall): Promise<number> {
  const files = listOption(call, "filename");
  return withConnection(call, async (connection) => {
    const { namespace } = connection;
    const doomed =
      files.length > 0 ? await fromFiles(files, call, namespace) : fromNames(call, connection);
    return deleteAll(doomed, call, connection);
  });
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("[kind...]", "kind and names: rollout shop, service/shop, … (short names too)")
      .option("-f, --filename <file...>", "delete what these manifests name")
      .option("--ignore-not-found", "what is not there counts as deleted");
  },
  run: remove,
};
