import type { StringMap } from "../../api/meta/object.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";
import { controllerNamespace, keyOf, secretKeys } from "../secret-keys.ts";
import type { DatadogConfig } from "./config.ts";

export interface DatadogCredentials {
  readonly address: string;
  readonly apiKey: string;
  readonly appKey: string;
}

const defaultAddress = "https://api.datadoghq.com";
const defaultSecret = "datadog";

function complete(credentials: DatadogCredentials): DatadogCredentials | undefined {
  const { address, apiKey, appKey } = credentials;
  if (apiKey === "" || appKey === "") return undefined;
  return { apiKey, appKey, address: (address || defaultAddress).replace(/\/+$/, "") };
}

function inSecret(keys: StringMap | undefined): DatadogCredentials | undefined {
  if (keys === undefined) return undefined;
  return complete({
    address: keyOf(keys, "address"),
    apiKey: keyOf(keys, "api-key"),
    appKey: keyOf(keys, "app-key"),
  });
}

/** Only when all three are set: an address alone could send somebody else's keys there. */
function inEnvironment({ env }: ProviderContext): DatadogCredentials | undefined {
  const { DD_ADDRESS: address = "", DD_API_KEY: apiKey = "", DD_APP_KEY: appKey = "" } = env;
  return address === "" ? undefined : complete({ address, apiKey, appKey });
}

/** The Secret that was named and no other; else the environment, else the Secret `datadog`. */
export async function datadogCredentials(
  { secret }: DatadogConfig,
  runNamespace: string,
  context: ProviderContext,
): Promise<DatadogCredentials> {
  const own = controllerNamespace(context);
  const found =
    secret === undefined
      ? (inEnvironment(context) ?? inSecret(await secretKeys(context, own, defaultSecret)))
      : inSecret(await secretKeys(context, secret.isNamespaced ? runNamespace : own, secret.name));
  if (found !== undefined) return found;
  throw new ProviderError("failed to find the credentials for datadog metrics provider");
}
