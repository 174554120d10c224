import { Buffer } from "node:buffer";
import { stringify } from "yaml";

export interface KubeconfigServer {
  /** URL to connect to. */
  server: string;
  /** Name that its certificate must have. Default: the URL's host. */
  serverName?: string;
}

/** Kubeconfig of an administrator, who has a client certificate. PEM texts in, YAML out: a secret. */
export function adminKubeconfig(
  clusterName: string,
  { server, serverName }: KubeconfigServer,
  pem: { ca: string; certificate: string; key: string },
): string {
  const base64 = (value: string): string => Buffer.from(value).toString("base64");
  const cluster = {
    server,
    ...(serverName === undefined ? {} : { "tls-server-name": serverName }),
    "certificate-authority-data": base64(pem.ca),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: clusterName, cluster }],
    users: [
      {
        name: "administrator",
        user: {
          "client-certificate-data": base64(pem.certificate),
          "client-key-data": base64(pem.key),
        },
      },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user: "administrator" } }],
    "current-context": clusterName,
  });
}
