/** Ports of what Quorum runs on its own machines: their one home; TCP where not said. */
export const ports = {
  /** kube-apiserver on control planes. */
  apiServer: 6443,
  /** HAProxy answering for itself, on loopback only. */
  haproxyHealth: 6444,
  /** Answers "up" or "down" to HAProxy's agent check, on control planes. */
  apiHealthAgent: 6445,
  etcdClient: 2379,
  etcdPeer: 2380,
  etcdMetrics: 2381,
  /** etcd's HTTP handlers, apart from gRPC (etcd-io/etcd#15402). */
  etcdHttp: 2382,
  /** Says "initialized" when this machine knows that the cluster was once formed. */
  etcdMarker: 2383,
  kubelet: 10250,
  /** Webhooks of the load balancer controller, on control planes of platform "ec2". */
  loadBalancerWebhook: 9443,
  /** Overlay of the pods; UDP. */
  vxlan: 8472,
} as const;
