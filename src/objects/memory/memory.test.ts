import { systemClock } from "../../runtime/clock.ts";
import { describeObjectStore } from "../conformance.ts";
import { memoryStore } from "./memory.ts";

describeObjectStore("memory", async ({ historyLimit }) => {
  const store = memoryStore({
    clock: systemClock,
    ...(historyLimit === undefined ? {} : { historyLimit }),
  });
  return { store, namespace: "default", stop: async () => store.close() };
});
