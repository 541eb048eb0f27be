import type { Json } from "../../lib/json.ts";

/**
 * A typed wire object seen as plain JSON. TypeScript does not let interfaces stand in for index
 * signatures though every value here came from, and goes back to, JSON; this is the one such place.
 */
export function asJson(wire: object): Json {
  return wire as Json;
}
