/** Kubernetes' own: what runs there comes with the cluster and must never wait for a rule. */
export const systemNamespaces = ["kube-system", "kube-public", "kube-node-lease"];
