import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";

/**
 * Give the agent by which a WebSocket passes the proxy that the environment names for its address
 * (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, not where `NO_PROXY` has it); undefined where none is named.
 *
 * Requests of the runtime find it by themselves. Throws an `Error` for an address that is no HTTP proxy.
 */
export function proxyAgent(url: string): HttpsProxyAgent<string> | undefined {
  const proxy = getProxyForUrl(url.replace(/^ws/, "http"));
  if (proxy === "") return undefined;
  // It may hold a password, and is not quoted.
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw new Error("the proxy that the environment names is not one of HTTP");
  }
  return new HttpsProxyAgent(proxy);
}
