/**
 * How fast a lost node is noticed and its pods replaced, and what that costs.
 *
 * A node's lease is renewed every `leaseSeconds`/4. After `nodeGraceSeconds` without one the node is
 * marked unreachable, and pods that say nothing else are evicted `evictionTolerationSeconds` later:
 * 65 s, plus the replacement's own start.
 *
 * The grace must outlast what is no failure of the node: an etcd that stalls for 40 s (the last
 * renewal may be 5 s old by then, and the next takes up to 5 s), and a kubelet whose connection to
 * one API server died silently (30 s idle + 15 s for the ping's answer, client-go's HTTP/2 defaults).
 * Cost: leases are written twice as often as by default, 0.2 a second for each node.
 */
export const clusterTimings = {
  /** Default of Kubernetes: 40. */
  leaseSeconds: 20,
  /** Default of Kubernetes: 50. */
  nodeGraceSeconds: 55,
  /** How often nodes are looked at. Default of Kubernetes: 5. */
  nodeMonitorSeconds: 2,
  /** For both "not ready" and "unreachable". Default of Kubernetes: 300. */
  evictionTolerationSeconds: 10,
  /** A join token's life, and how often a new one is made. */
  tokenLifetimeHours: 6,
  tokenRotationMinutes: 60,
} as const;
