// Candidates one a line, then `:4` (no file names), `:0` (the shell's file names) or `:1` (no answer).
import { apiVersionOf } from "../../api/meta/object.ts";
import { resourceTypes } from "../../api/resources.ts";
import { print, type CliContext, type Connection } from "../command.ts";
import { questionOf, type ProgramShape, type Source } from "./question.ts";

/** Opens a connection as the options already typed say. */
type Connect = (given: ReadonlyMap<string, string>) => Promise<Connection>;

async function namesOf(
  source: Source & { from: "names" },
  connection: Connection,
): Promise<readonly string[]> {
  const type = resourceTypes.find(
    ({ group, kind }) => group === source.of.group && kind === source.of.kind,
  );
  const scope = type?.namespaced === false ? {} : { namespace: connection.namespace };
  const { kind } = source.of;
  const { items } = await connection.store.list({
    apiVersion: apiVersionOf(source.of),
    kind,
    ...scope,
  });
  return items.map(({ metadata }) => metadata.name);
}

async function candidates(
  source: Source,
  given: ReadonlyMap<string, string>,
  connect: Connect,
): Promise<readonly string[]> {
  if (source.from === "words") return source.words;
  if (source.from !== "names") return [];
  const connection = await connect(given);
  try {
    return await namesOf(source, connection);
  } finally {
    await connection.close();
  }
}

export async function answerShell(
  words: readonly string[],
  program: ProgramShape,
  { cli, connect }: { readonly cli: CliContext; readonly connect: Connect },
): Promise<void> {
  try {
    const { source, started, typed, given } = await questionOf(words, program);
    const used = source.from === "names" ? typed : [];
    for (const candidate of await candidates(source, given, connect))
      if (candidate.startsWith(started) && !used.includes(candidate)) print(cli, candidate);
    print(cli, source.from === "files" ? ":0" : ":4");
  } catch (error) {
    // A shell must not be disturbed by a cluster that is not there; the reason is for who looks.
    cli.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    print(cli, ":1");
  }
}
