// The questions every object store must answer alike: one file per subject in conformance/. A store's
// test file is one call of describeObjectStore; a skipped question carries its reason. Objects are
// complete enough to pass the validation of a real API server, and answers are compared by what they
// must hold, not by what a server may add.
import { describe } from "vitest";
import { askAboutApplying } from "./conformance/apply.ts";
import { askAboutCreating } from "./conformance/create.ts";
import { askAboutDeleting } from "./conformance/delete.ts";
import { askAboutListing } from "./conformance/list.ts";
import { askAboutNamespaces } from "./conformance/namespaces.ts";
import { askAboutOwners } from "./conformance/owners.ts";
import { askAboutPatching } from "./conformance/patches.ts";
import { askAboutSubresources } from "./conformance/subresources.ts";
import { askAboutUpdating } from "./conformance/update.ts";
import { askAboutWatching } from "./conformance/watch.ts";
import { asker, type ConformanceOptions, type MakeStore } from "./conformance/questions.ts";

const subjects = [
  askAboutCreating,
  askAboutUpdating,
  askAboutSubresources,
  askAboutPatching,
  askAboutApplying,
  askAboutListing,
  askAboutWatching,
  askAboutDeleting,
  askAboutOwners,
  askAboutNamespaces,
];

/** Asks one store every question of the port. `makeStore` is called before each of them. */
export function describeObjectStore(
  name: string,
  makeStore: MakeStore,
  options: ConformanceOptions = {},
): void {
  describe(`object store: ${name}`, () => {
    const ask = asker(makeStore, options);
    for (const subject of subjects) subject(ask);
  });
}
